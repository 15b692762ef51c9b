import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { watchFreeSpace } from './disk-space.ts'
import { systemClock } from './clock.ts'

it('free space is what the file system says, and is asked for once a second', async () => {
  const folder = await tempFolder()
  const time = { ms: 5 }
  const freeSpace = watchFreeSpace(folder, { ...systemClock, monotonic: () => time.ms })

  const first = freeSpace()
  time.ms += 999
  expect(freeSpace()).toBe(first)
  time.ms += 1
  expect(freeSpace()).not.toBe(first)

  const { blocks, bsize } = statfsSync(folder)
  expect(await first).toBeGreaterThan(0)
  expect(await first).toBeLessThanOrEqual(blocks * bsize)
})

it('free space of a folder that does not exist is an error', async () => {
  const freeSpace = watchFreeSpace(join(await tempFolder(), 'missing'), systemClock)
  await expect(freeSpace()).rejects.toThrow('ENOENT')
})
