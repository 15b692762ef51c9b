import { join } from 'node:path'
import { expect, it } from 'vitest'
import { specialFiles } from '../../src/workspace/special-files.ts'
import { aWorkspace, makeRemote, patient, shell } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

it('of very many pipes, only some are named', async () => {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder)
  const workspace = await aWorkspace(folder, { repository: remote })
  await shell(workspace.tree, 'mkdir many; cd many; seq -f pipe-%g 700 | xargs mkfifo')
  const find = () => specialFiles(workspace, join(workspace.gitDir, 'index'), patient())
  expect(await find()).toHaveLength(500)
  await shell(workspace.tree, String.raw`rm -r many; mkfifo "$(printf 'bad\377')"`)
  expect(await find()).toEqual([Buffer.from('bad\u00FF', 'latin1')])
})
