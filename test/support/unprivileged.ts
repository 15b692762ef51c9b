import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Runs a Node program that permissions of files hold for, as they do not for root; answers its
 * stdout. Whatever it shut in the folder is open again afterwards.
 */
export async function runUnprivileged(folder: string, ...args: readonly string[]): Promise<string> {
  const less = '-dac_override,-dac_read_search'
  const drop = ['setpriv', `--bounding-set=${less}`, `--inh-caps=${less}`]
  const argv = [...(process.getuid?.() === 0 ? drop : []), process.execPath, ...args]
  const [file = '', ...rest] = argv
  try {
    return (await run(file, rest)).stdout
  } finally {
    await run('chmod', ['-R', 'u+rwx', folder])
  }
}
