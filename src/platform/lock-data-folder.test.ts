import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { lockDataFolder } from './lock-data-folder.ts'

describe('a data folder', () => {
  it('is made with the folders above it, for its owner alone', async () => {
    const above = join(await tempFolder(), 'made')
    using lock = lockDataFolder(join(above, 'here'))
    expect(lock).toBeDefined()
    for (const folder of [above, join(above, 'here')]) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    }
  })

  it('may be there already, and is locked once', async () => {
    const folder = await tempFolder()
    using lock = lockDataFolder(folder)
    expect(lock).toBeDefined()
    expect(() => lockDataFolder(folder)).toThrow(`in use by process ${process.pid}`)
  })

  it('is not a file, nor inside of one', async () => {
    const file = join(await tempFolder(), 'file')
    await writeFile(file, '')
    expect(() => lockDataFolder(file)).toThrow('EEXIST')
    expect(() => lockDataFolder(join(file, 'here'))).toThrow('EEXIST')
  })

  it.runIf(process.platform === 'linux')('that cannot be made is refused at once', () => {
    expect(() => lockDataFolder('/proc/foo')).toThrow('ENOENT')
    expect(() => lockDataFolder('/proc/foo/bar')).toThrow('ENOENT')
  })
})
