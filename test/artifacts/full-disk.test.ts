import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { runOnSmallDisk } from '../support/small-disk.ts'

describeNeeding(['linux', 'root'], 'stores on a full disk', () => {
  it('I-25: refuse uploads and log writes by name, leave no half files, and take them again once there is room', async () => {
    const program = join(import.meta.dirname, 'full-disk.ts')
    expect(await runOnSmallDisk(program, { mebibytes: 4, files: 200 })).toEqual({
      bytesGone: ['disk-full', 'disk-full', 0],
      namesGone: ['disk-full', 'disk-full', 0],
      size: 'before '.length,
      recovered: ['stored', 'stored', 'stored', 0],
    })
  })
})
