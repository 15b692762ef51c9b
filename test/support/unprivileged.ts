import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A command prefix under which file permissions apply, also for root. */
export function unprivileged(): readonly string[] {
  if (process.getuid?.() !== 0) return []
  const less = '-dac_override,-dac_read_search'
  return ['setpriv', `--bounding-set=${less}`, `--inh-caps=${less}`]
}

/** Runs a Node program with file permissions enforced; returns its stdout. */
export async function runUnprivileged(folder: string, ...args: readonly string[]): Promise<string> {
  const argv = [...unprivileged(), process.execPath, ...args]
  const [file = '', ...rest] = argv
  try {
    return (await run(file, rest)).stdout
  } finally {
    // The test's cleanup needs access to folders that the program made read-only.
    await run('chmod', ['-R', 'u+rwx', folder])
  }
}
