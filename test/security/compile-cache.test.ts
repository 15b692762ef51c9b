import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { PROGRAM } from '../support/cli.ts'
import { tempFolder } from '../support/temp-folder.ts'

const run = promisify(execFile)

/** Prints the version, with Node's compile cache below this folder. */
const versionWith = async (caches: string): Promise<string> => {
  const env = { PATH: process.env['PATH'], HOME: await tempFolder(), XDG_CACHE_HOME: caches }
  return (await run(process.execPath, [PROGRAM, '--version'], { env, timeout: 20_000 })).stdout
}

describe('the compile cache, whose code Node executes', () => {
  it('is in a folder that only this user can change', async () => {
    const caches = await tempFolder()
    await versionWith(caches)
    expect(await readdir(join(caches, 'millwright', 'compiled'))).not.toEqual([])
  })

  it('is not used through a link', async () => {
    const caches = await tempFolder()
    const elsewhere = await tempFolder()
    await mkdir(join(caches, 'millwright'), { mode: 0o700 })
    await symlink(elsewhere, join(caches, 'millwright', 'compiled'))
    expect(await versionWith(caches)).toMatch(/^\d/)
    expect(await readdir(elsewhere)).toEqual([])
  })

  it.each(['', 'millwright', 'millwright/compiled'])(
    'is not used if others can write to its folder (%j)',
    async (folder) => {
      const caches = await tempFolder()
      await mkdir(join(caches, 'millwright', 'compiled'), { recursive: true, mode: 0o700 })
      await chmod(join(caches, folder), 0o777)
      expect(await versionWith(caches)).toMatch(/^\d/)
      expect(await readdir(join(caches, 'millwright', 'compiled'))).toEqual([])
    },
  )

  it('is left out if its folder cannot be created', async () => {
    expect(await versionWith('/proc/none')).toMatch(/^\d/)
  })
})
