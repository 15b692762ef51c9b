import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What to start a program with that permissions of files hold for, as they do not for root. */
export function unprivileged(): readonly string[] {
  if (process.getuid?.() !== 0) return []
  const less = '-dac_override,-dac_read_search'
  return ['setpriv', `--bounding-set=${less}`, `--inh-caps=${less}`]
}

/**
 * Runs a Node program that permissions of files hold for; answers its stdout. Whatever it shut in the folder is open again afterwards.
 */
export async function runUnprivileged(folder: string, ...args: readonly string[]): Promise<string> {
  const argv = [...unprivileged(), process.execPath, ...args]
  const [file = '', ...rest] = argv
  try {
    return (await run(file, rest)).stdout
  } finally {
    await run('chmod', ['-R', 'u+rwx', folder])
  }
}
