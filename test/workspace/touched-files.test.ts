import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { touchedFiles } from '../../src/workspace/touched-files.ts'
import { aWorkspace, makeRemote, patient } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

it('a file that is deleted before it is compared counts as touched', async () => {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder, { 'a.txt': 'a\n', 'b.txt': 'b\n' })
  const workspace = await aWorkspace(folder, { repository: remote })
  await rm(join(workspace.tree, 'a.txt'))
  const files = ['a.txt', 'b.txt'].map((name) => ({ path: Buffer.from(name), bytes: 2 }))
  const touched = await touchedFiles(workspace, files, patient())
  expect(touched.map(({ path }) => path.toString())).toEqual(['a.txt'])
})
