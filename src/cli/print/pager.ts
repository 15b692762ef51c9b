import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { locateProgram } from '../../platform/locate-program.ts'
import type { Terminal } from '../terminal.ts'

/**
 * Prints through a pager if stdout is a terminal: `$PAGER`, or `less` if it is installed. `less`
 * quits at once if the text fits on the screen. `PAGER=` and `PAGER=cat` turn the pager off.
 * @param print is called with the terminal on which it should print
 */
export async function withPager(
  terminal: Terminal,
  isWanted: boolean,
  print: (terminal: Terminal) => Promise<void>,
): Promise<void> {
  const command = isWanted && terminal.isTTY.stdout ? pagerOf(terminal) : null
  if (command === null) return await print(terminal)
  const { env, cwd } = terminal
  const pager = spawn('sh', ['-c', command], {
    cwd,
    // The same defaults as git's: show colors, leave short texts on the screen.
    env: { LESS: 'FRX', ...env },
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const end = once(pager, 'close')
  // When the user quits the pager, the pipe closes and writes fail. Printing then stops.
  pager.stdin.on('error', () => {})
  process.on('SIGINT', leaveToPager)
  try {
    await print({ ...terminal, stdout: pager.stdin })
  } finally {
    pager.stdin.end()
    await end
    process.off('SIGINT', leaveToPager)
  }
}

/** Ignores Ctrl-C, which the pager handles: in `less`, it stops a search. */
function leaveToPager(): void {}

function pagerOf({ env }: Terminal): string | null {
  const named = env['PAGER']
  if (named !== undefined) return named.trim() === '' || named === 'cat' ? null : named
  return locateProgram('less', env['PATH'] ?? '') === null ? null : 'less'
}
