import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Runs a program of this folder on a disk of its own that holds a few MiB; returns what it prints. */
async function onSmallDisk(name: string): Promise<unknown> {
  const script = 'mount -t tmpfs -o size=4m,nr_inodes=200,mode=700 none "$1" && exec "$2" "$3" "$1"'
  const program = join(import.meta.dirname, name)
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--mount', 'sh', '-c', script, 'sh', await tempFolder(), process.execPath, program],
    { timeout: 20_000, killSignal: 'SIGKILL' },
  )
  return JSON.parse(stdout)
}

describeNeeding(['linux', 'root'], 'a full disk', () => {
  it('I-25: refuses uploads and log writes by name, leaves no half files, and takes them again once there is room', async () => {
    expect(await onSmallDisk('full-disk.ts')).toEqual({
      bytesGone: ['disk-full', 'disk-full', 0],
      namesGone: ['disk-full', 'disk-full', 0],
      size: 'before '.length,
      mended: ['stored', 'stored', 'stored', 0],
    })
  })
})
