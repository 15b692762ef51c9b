import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkTip, refsAround, tryPush } from '../../src/publish/look-at-branch.ts'
import { remoteOf } from '../../src/publish/branch.ts'
import type { GitSettings } from '../../src/workspace/git.ts'
import { askRemote } from '../../src/workspace/remote.ts'
import { startGitServer } from '../support/git-server.ts'
import { byHand, gitSettings, makeRemote, patient } from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** A remote with the branches main, team/app and deep/er/branch. */
async function aRemote() {
  const folder = await tempFolder()
  const { remote: repository, commit } = await makeRemote(folder)
  await byHand(repository, 'branch', 'team/app', 'main')
  await byHand(repository, 'branch', 'deep/er/branch', 'main')
  const settings = gitSettings(folder)
  await mkdir(settings.cacheFolder)
  const look = async (branch: string, at = commit, revisions: readonly string[] = []) => {
    const remote = remoteOf(repository, settings, repository)
    const refs = await askRemote(remote, refsAround(branch), patient())
    const base = { commit: at, branch: null }
    const target = `${repository}#${branch}`
    const intents = revisions.map((revision) => ({ kind: 'branch', target, revision }))
    checkTip({ repository, branch }, { refs, base }, intents)
  }
  return { folder, repository, commit, settings, look }
}

const login = (user: string, password = PASSWORD): Partial<GitSettings> => ({
  credentialFor: async () => ({ kind: 'basic', source: 'a test', user, password }),
})

const OTHER = '1'.repeat(40)

describe('a branch to publish to', () => {
  it.each(['new', 'team/new', 'main', 'mainly', 'team/app-2', 'größe/(a),b'])(
    '%s can be pushed',
    async (branch) => {
      const { look } = await aRemote()
      await expect(look(branch)).resolves.toBeUndefined()
    },
  )

  it.each([
    ['main/x', 'main'],
    ['team/app/x/y', 'team/app'],
    ['team', 'team/app'],
    ['deep', 'deep/er/branch'],
    ['deep/er', 'deep/er/branch'],
  ])('%s cannot be created next to %s', async (branch, other) => {
    const { look } = await aRemote()
    await expect(look(branch)).rejects.toMatchObject({
      reason: 'publish-invalid',
      detail: expect.stringContaining(`because the branch ${other} exists`),
    })
  })

  it('is refused when its tip is not the base, unless an earlier attempt may have pushed it', async () => {
    const { look, commit } = await aRemote()
    await expect(look('team/app', OTHER)).rejects.toMatchObject({ reason: 'branch-moved' })
    await expect(look('team/app', OTHER, [OTHER])).rejects.toMatchObject({ reason: 'branch-moved' })
    await expect(look('team/app', OTHER, [commit])).resolves.toBeUndefined()
  })
})

describe('a push that is only tried', () => {
  it.each([
    ['reader', 'repository-forbidden'],
    ['nobody', 'repository-login'],
  ])('shows that %s may not push', async (user, reason) => {
    const { folder, repository, commit, settings } = await aRemote()
    const server = await startGitServer(folder, { login: true })
    const password = user === 'nobody' ? 'wrong' : PASSWORD
    const remote = remoteOf(
      `${server.url}/remote.git`,
      { ...settings, ...login(user, password) },
      repository,
    )
    const tried = tryPush(remote, { branch: 'new', commit }, patient())
    await expect(tried).rejects.toMatchObject({ reason })
  })

  it('changes nothing where it is allowed', async () => {
    const { folder, repository, commit, settings } = await aRemote()
    const server = await startGitServer(folder, { login: true })
    const address = `${server.url}/remote.git`
    const remote = remoteOf(
      address,
      { ...settings, ...login('writer') },
      join(folder, 'clone', '.git'),
    )
    await tryPush(remote, { branch: 'new', commit }, patient())
    expect(await byHand(repository, 'branch', '--list', 'new')).toBe('')
  })
})
