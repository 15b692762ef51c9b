import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { Secret } from '../domain/secret.ts'
import { callbackSecrets } from './callback-secret.ts'

const none = { callbackSecret: undefined, database: undefined }

describe('the secret that a hub signs callbacks with', () => {
  it('is made once, in a file readable by its owner alone', async () => {
    const folder = await tempFolder()
    const path = join(folder, 'callback.secret')
    const made = await callbackSecrets(none, folder, randomBytes)
    const again = await callbackSecrets(none, folder, randomBytes)
    const text = (await readFile(path, 'utf8')).trim()
    expect(text).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect([made, again].map((secrets) => secrets?.map((kept) => kept.reveal()))).toEqual([
      [text],
      [text],
    ])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is what the settings say, and then no file is made', async () => {
    const folder = await tempFolder()
    const callbackSecret = [new Secret('whsec_x')]
    expect(await callbackSecrets({ ...none, callbackSecret }, folder, randomBytes)).toBe(
      callbackSecret,
    )
    await expect(stat(join(folder, 'callback.secret'))).rejects.toThrow('ENOENT')
  })

  it('is none where hubs share a ledger and nobody said it', async () => {
    const config = { ...none, database: new Secret('postgres://x') }
    expect(await callbackSecrets(config, await tempFolder(), randomBytes)).toBeNull()
  })

  it('in a broken file is refused with the file’s name and without its words', async () => {
    const folder = await tempFolder()
    await writeFile(join(folder, 'callback.secret'), 'whsec_hunter2')
    const error = await callbackSecrets(none, folder, randomBytes).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'callback-secret-invalid' })
    expect(String(error)).toContain(folder)
    expect(String(error)).not.toContain('hunter2')
  })
})
