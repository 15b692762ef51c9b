import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tempFolder } from './temp-folder.ts'

/**
 * Runs a TypeScript program whose temporary folder is a separate disk with room for a few MiB and a
 * few files; returns the JSON that it prints. Needs Linux and root.
 */
export async function runOnSmallDisk(
  program: string,
  disk: { readonly mebibytes: number; readonly files: number },
): Promise<unknown> {
  const options = `size=${disk.mebibytes}m,nr_inodes=${disk.files},mode=700`
  const script = 'mount -t tmpfs -o "$1" none "$TMPDIR" && exec "$2" "$3"'
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--mount', 'sh', '-c', script, 'sh', options, process.execPath, program],
    {
      timeout: 20_000,
      killSignal: 'SIGKILL',
      env: { ...process.env, TMPDIR: await tempFolder() },
    },
  )
  return JSON.parse(stdout)
}
