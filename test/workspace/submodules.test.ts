import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { submoduleAddress } from '../../src/workspace/submodule-address.ts'
import { removeWorkspace } from '../../src/workspace/remove.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { describeNeeding } from '../support/needs.ts'
import { startGitServer } from '../support/git-server.ts'
import {
  aWorkspace,
  byHand,
  gitSettings,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { PASSWORD } from '../support/serve-git.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ALL = { submodules: 'all' } as const

type Link = { readonly path: string; readonly url: string; readonly commit: string }

/** Adds submodules to a clone and pushes, also with addresses that git itself would refuse. */
async function addSubmodules(clone: string, links: readonly Link[]): Promise<string> {
  const text = links.map(
    ({ path, url }, number) => `[submodule "s${number}"]\n\tpath = ${path}\n\turl = ${url}\n`,
  )
  await writeFile(join(clone, '.gitmodules'), text.join(''))
  await byHand(clone, 'add', '.gitmodules')
  for (const { path, commit } of links) {
    await byHand(clone, 'update-index', '--add', '--cacheinfo', `160000,${commit},${path}`)
  }
  await byHand(clone, 'commit', '-q', '-m', 'Submodules')
  await byHand(clone, 'push', '-q', 'origin', 'HEAD')
  return await byHand(clone, 'rev-parse', 'HEAD')
}

/** An app with the submodule lib/inner, which has the submodule deep, all on one HTTP server. */
async function anApp(options: { login?: boolean } = {}) {
  const folder = await tempFolder()
  const server = await startGitServer(folder, options)
  const deep = await makeRemote(join(folder, 'deep'), { 'deep.txt': 'deep\n' })
  const inner = await makeRemote(join(folder, 'inner'), { 'inner.txt': 'inner\n' })
  const deepLink = { path: 'deep', url: '../../deep/remote.git', commit: deep.commit }
  const commit = await addSubmodules(inner.clone, [deepLink])
  const app = await makeRemote(join(folder, 'app'), { 'app.txt': 'app\n' })
  await addSubmodules(app.clone, [{ path: 'lib/inner', url: '../../inner/remote.git', commit }])
  const repository = `${server.url}/app/remote.git`
  return { folder, server, app, repository }
}

/** A repository whose only submodule has this address. */
async function withSubmodule(url: string, path = 'sub') {
  const folder = await tempFolder()
  const { remote, clone, commit } = await makeRemote(folder)
  await addSubmodules(clone, [{ path, url, commit }])
  return { folder, remote }
}

describeNeeding(['patience'], 'submodules', () => {
  it('are checked out as files, one inside the other, with a clean status', async () => {
    const { folder, repository } = await anApp()
    const { tree, notes } = await aWorkspace(folder, { repository, checkout: ALL })
    expect(await readFile(join(tree, 'lib/inner/inner.txt'), 'utf8')).toBe('inner\n')
    expect(await readFile(join(tree, 'lib/inner/deep/deep.txt'), 'utf8')).toBe('deep\n')
    expect(await readdir(join(tree, 'lib/inner'))).not.toContain('.git')
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
    expect(notes).toEqual([])
  })

  it('are the same where a link leads to the worker’s folder', async () => {
    const { folder, repository } = await anApp()
    await shell(folder, 'mkdir elsewhere; ln -s elsewhere link')
    const linked = join(folder, 'link')
    const workspace = await aWorkspace(linked, { repository, checkout: ALL })
    expect(await readFile(join(workspace.tree, 'lib/inner/deep/deep.txt'), 'utf8')).toBe('deep\n')
    await shell(workspace.tree, 'echo n > lib/inner/deep/new')
    expect((await takeTree(workspace, patient())).notes).toEqual([
      { code: 'submodule-changed', text: expect.stringContaining('"new"') },
    ])
  })

  it('stay empty unless asked for, which is said', async () => {
    const { folder, repository } = await anApp()
    const { tree, notes } = await aWorkspace(folder, { repository })
    expect(await readdir(join(tree, 'lib/inner'))).toEqual([])
    expect(notes.map(({ code }) => code)).toEqual(['submodules-not-fetched'])
  })

  it('that were changed are named, and published as they were', async () => {
    const { folder, repository } = await anApp()
    const workspace = await aWorkspace(folder, { repository, checkout: ALL })
    expect((await takeTree(workspace, patient())).notes).toEqual([])
    await shell(
      workspace.tree,
      'echo x >> lib/inner/inner.txt; rm lib/inner/deep/deep.txt; echo n > lib/inner/deep/new; echo y >> app.txt',
    )
    const change = await takeTree(workspace, patient())
    expect(change.files).toBe(1)
    expect(change.notes).toEqual([
      { code: 'submodule-changed', text: expect.stringContaining('"lib/inner" is a submodule') },
      { code: 'submodule-changed', text: expect.stringMatching(/"deep.txt".*"new"|"new".*"deep/) },
    ])
    const link = (tree: string) => byHand(workspace.gitDir, 'rev-parse', `${tree}:lib/inner`)
    expect(await link(change.tree)).toBe(await link(workspace.base.commit))
  })

  it('are never looked into where the agent put a link', async () => {
    const { folder, repository } = await anApp()
    const workspace = await aWorkspace(folder, { repository, checkout: ALL })
    await shell(
      workspace.tree,
      'rm -r lib/inner; mkdir ../x; echo canary > ../x/x; ln -s ../../x lib/inner',
    )
    const change = await takeTree(workspace, patient())
    expect(await readFile(change.patchFile, 'utf8')).not.toContain('canary')
    expect(JSON.stringify(change.notes)).not.toContain('canary')
  })

  it('outside a sparse checkout are not fetched', async () => {
    const { folder, repository, app } = await anApp()
    await shell(
      app.clone,
      'mkdir src; echo s > src/s; git add src; git commit -qm s; git push -q origin HEAD',
    )
    const checkout = { ...ALL, sparse: ['src'] }
    const workspace = await aWorkspace(folder, { repository, checkout })
    expect(workspace.submodules).toEqual([])
    expect(await readdir(workspace.tree)).not.toContain('lib')
  })

  it('are fetched with a credential of their own, and the failure names them', async () => {
    const { folder, repository } = await anApp({ login: true })
    const credential = { kind: 'basic', source: 'a test', password: PASSWORD } as const
    const credentialFor = async (url: string) => ({
      ...credential,
      user: url.includes('/deep/') ? 'stranger' : 'reader',
    })
    const settings = gitSettings(folder, { credentialFor })
    await expect(aWorkspace(folder, { repository, checkout: ALL, settings })).rejects.toMatchObject(
      {
        reason: 'repository-forbidden',
        detail: expect.stringMatching(/^submodule lib\/inner\/deep: .*deep\/remote\.git/),
      },
    )
  })

  it('leave no pin behind', async () => {
    const { folder, repository } = await anApp()
    const workspace = await aWorkspace(folder, { repository, checkout: ALL })
    const pins = async () => {
      const names = await readdir(join(folder, 'cache'), { recursive: true })
      return names.filter((name) => /refs\/jobs\/./.test(name)).length
    }
    expect(await pins()).toBe(3)
    await removeWorkspace(workspace.folder)
    expect(await pins()).toBe(0)
  })

  it('without an address stay empty, which is said', async () => {
    const { folder, app, repository } = await anApp()
    await shell(
      app.clone,
      'git rm -q --cached .gitmodules; git commit -qm x; git push -q origin HEAD',
    )
    const { notes } = await aWorkspace(folder, { repository, checkout: ALL })
    expect(notes.map(({ code }) => code)).toEqual(['submodule-unknown'])
  })
})

describeNeeding(['patience'], 'a hostile submodule', () => {
  it.each([
    ['a command for an address', 'ext::sh -c id', 'protocol-refused'],
    ['a helper for an address', 'fd::17', 'protocol-refused'],
    ['an option for an address', '-oProxyCommand=id', 'repository-unsafe'],
    ['a password in its address', 'https://user:secret@127.0.0.1/x', 'protocol-refused'],
    ['a path that leads up and away', '../../../../etc', 'repository-not-found'],
  ])('with %s is refused', async (_name, url, reason) => {
    const { folder, remote } = await withSubmodule(url)
    const refused = aWorkspace(folder, { repository: remote, checkout: ALL })
    await expect(refused).rejects.toMatchObject({ reason })
  })

  it('takes nothing from this machine’s disk for a repository that is elsewhere', async () => {
    const folder = await tempFolder()
    const secret = await makeRemote(join(folder, 'secret'))
    const { clone } = await makeRemote(folder)
    const server = await startGitServer(folder)
    const repository = `${server.url}/remote.git`
    for (const url of [secret.remote, `file://${secret.remote}`]) {
      await addSubmodules(clone, [{ path: 'sub', url, commit: secret.commit }])
      await expect(aWorkspace(folder, { repository, checkout: ALL })).rejects.toMatchObject({
        reason: 'protocol-refused',
        detail: expect.stringContaining('submodule sub: '),
      })
      await byHand(clone, 'rm', '-q', '--cached', 'sub')
    }
  })

  it.each(['../outside', '.git/hooks', '/tmp/outside'])('cannot lie at %s', async (path) => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    // The path in the tree decides, not the one in .gitmodules, and git checks it.
    await addSubmodules(clone, [{ path: 'sub', url: remote, commit }])
    await writeFile(
      join(clone, '.gitmodules'),
      `[submodule "s"]\n\tpath = ${path}\n\turl = ${remote}\n`,
    )
    await shell(clone, 'git add .gitmodules; git commit -qm x; git push -q origin HEAD')
    const workspace = await aWorkspace(folder, { repository: remote, checkout: ALL })
    expect(workspace.notes.map(({ code }) => code)).toEqual(['submodule-unknown'])
    expect(await readdir(join(workspace.tree, 'sub'))).toEqual([])
  })

  it('is refused with hundreds of others', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    const links = Array.from({ length: 300 }, (_, n) => ({ path: `s/${n}`, url: './', commit }))
    await addSubmodules(clone, links)
    const refused = aWorkspace(folder, { repository: remote, checkout: ALL })
    await expect(refused).rejects.toMatchObject({ reason: 'submodule-refused' })
  })
})

describe('the address of a submodule', () => {
  it.each([
    ['https://h/a/b.git', '../c.git', 'https://h/a/c.git'],
    ['https://h/a/b.git/', '../c.git', 'https://h/a/c.git'],
    ['https://h/a/b.git', './c', 'https://h/a/b.git/c'],
    ['ssh://git@h:2222/a/b', '../../c/d', 'ssh://git@h:2222/c/d'],
    ['git@h:a/b.git', '../c.git', 'git@h:a/c.git'],
    ['git@h:a/b.git', '../../c.git', 'git@h:c.git'],
    ['git@h:a/b.git', '../../../c.git', '../../../c.git'],
    ['/srv/a/b', '../c', '/srv/a/c'],
    ['file:///srv/a/b', '../c', 'file:///srv/a/c'],
    ['https://h/a/b.git', 'https://other/c', 'https://other/c'],
  ])('of %s, written %s, is %s', (of, url, address) => {
    expect(submoduleAddress(url, of)).toBe(address)
  })
})
