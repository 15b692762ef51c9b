import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import { runOnSmallDisk } from '../support/small-disk.ts'

describeNeeding(['linux', 'root'], 'a hub on a full disk', () => {
  it('I-25: refuses new jobs and uploads, lets running jobs renew and end, and recovers by itself', async () => {
    const program = join(import.meta.dirname, 'full-disk-hub.ts')
    expect(await runOnSmallDisk(program, { mebibytes: 12, files: 500 })).toEqual({
      room: ['ok', 'ok', 'ok'],
      'below the floor': ['507 disk-full', '507 disk-full', 'ok'],
      'not a byte': ['507 disk-full', '507 disk-full', '507 disk-full'],
      'below the floor again': ['ok', 'ok', 'ok'],
      'room again': ['ok'],
    })
  })
})
