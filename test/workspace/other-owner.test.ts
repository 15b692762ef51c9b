import { expect, it } from 'vitest'
import { gitSettings, writeGitConfig } from '../../src/compose/git.ts'
import { readConfig } from '../../src/config/read.ts'
import { UpConfig } from '../../src/config/settings.ts'
import { publishBranch } from '../../src/publish/branch.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { describeNeeding } from '../support/needs.ts'
import { aWorkspace, byHand, GIT_ENV, makeRemote, patient, shell } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** A repository of another user, and the git settings of a worker with these flags. */
async function othersRepository() {
  const folder = await tempFolder()
  const { remote, clone } = await makeRemote(folder)
  await shell(folder, 'chown -R 1:1 remote.git clone')
  const settingsWith = async (gitSafeDirectory: readonly string[]) => {
    const flags = { allowLocal: true, gitSafeDirectory }
    const config = readConfig(UpConfig, { flags, env: {}, file: null })
    await writeGitConfig(config, folder)
    return gitSettings(config, { folder, path: GIT_ENV.PATH, env: {}, cwd: folder })
  }
  return { folder, remote, clone, settingsWith }
}

describeNeeding(['linux', 'root'], 'a repository on this disk that belongs to another user', () => {
  it('is refused for good, with advice that works for this worker', async () => {
    const { folder, remote, settingsWith } = await othersRepository()
    const settings = await settingsWith([])
    const refused = aWorkspace(folder, { repository: remote, settings })
    await expect(refused).rejects.toMatchObject({ reason: 'repository-forbidden' })
    await expect(refused).rejects.toThrow(`--git-safe-directory ${remote}`)
    await expect(refused).rejects.not.toThrow('git config --global')
  })

  it('is fetched and pushed to when the worker allows that folder, and no other', async () => {
    const { folder, remote, clone, settingsWith } = await othersRepository()
    const settings = await settingsWith([remote])
    const workspace = await aWorkspace(folder, { repository: `file://${remote}`, settings })
    await shell(workspace.tree, 'echo more > new')
    const change = await takeTree(workspace, patient())
    await publishBranch(aBranchRequest({ workspace, change }), settings, patient())
    const safe = ['-c', `safe.directory=${remote}`]
    expect(await byHand(remote, ...safe, 'show', 'millwright/0123456789ab:new')).toBe('more')
    const other = aWorkspace(folder, { repository: clone, settings })
    await expect(other).rejects.toMatchObject({ reason: 'repository-forbidden' })
  })

  it('may be one with a work tree', async () => {
    const { folder, clone, settingsWith } = await othersRepository()
    const settings = await settingsWith([clone])
    const { tree } = await aWorkspace(folder, { repository: clone, settings })
    expect(tree).toContain(folder)
  })
})
