import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { askRemote } from '../../src/workspace/remote.ts'
import { parseAddress } from '../../src/workspace/address.ts'
import { byHand, gitSettings, makeRemote, patient } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** More than git may print in one call. */
const REFS = { count: 1200, nameLength: 60_000 }

it('a remote with very many refs is not asked for all of them when a job needs none', async () => {
  const folder = await tempFolder()
  const { remote, commit } = await makeRemote(folder)
  await byHand(remote, 'pack-refs', '--all')
  const lines = Array.from({ length: REFS.count }, (_, index) => {
    const name = `${String(index + 1000)}${'x'.repeat(REFS.nameLength)}`
    return `${commit} refs/pull/${name}\n`
  })
  await appendFile(join(remote, 'packed-refs'), lines.join(''))
  const settings = gitSettings(folder, { cacheFolder: folder })
  const address = parseAddress(remote, settings.allow)
  const refs = await askRemote({ settings, address, gitDir: folder }, [], patient())
  expect(refs.tips.size).toBe(0)
})
