import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { publishBranch } from '../../src/publish/branch.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { describeNeeding } from '../support/needs.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { findWorkspace } from '../../src/workspace/workspace.ts'
import { startGitServer } from '../support/git-server.ts'
import {
  asPatch,
  aWorkspace,
  byHand,
  commitAndPush,
  gitSettings,
  keptByJob,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const FILES = {
  'README.md': 'top\n',
  'web/package.json': '{}\n',
  'web/src/a.ts': 'a\n',
  'web/docs/b.md': 'b\n',
  'server/c.go': 'c\n',
  'server/d.go': 'd\n',
}

/** A sparse checkout of web/src in which a script ran. */
async function sparsely(script: string) {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder, FILES)
  const checkout = { sparse: ['web/src'] }
  const workspace = await aWorkspace(folder, { repository: remote, checkout })
  await shell(workspace.tree, script)
  const change = await takeTree(workspace, patient())
  const names = (await byHand(workspace.gitDir, 'ls-tree', '-r', '--name-only', change.tree)).split(
    '\n',
  )
  return { folder, remote, workspace, change, names }
}

describeNeeding(['patience'], 'a sparse checkout', () => {
  it('holds the folders named and the files above them, with a clean status, warm or cold', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder, FILES)
    for (const _ of ['cold', 'warm']) {
      const { tree } = await aWorkspace(folder, {
        repository: remote,
        checkout: { sparse: ['web/src'] },
      })
      expect((await readdir(tree)).toSorted()).toEqual(['.git', 'README.md', 'web'])
      expect((await readdir(join(tree, 'web'))).toSorted()).toEqual(['package.json', 'src'])
      expect(await byHand(tree, 'status', '--porcelain')).toBe('')
    }
    const { tree } = await aWorkspace(folder, { repository: remote })
    expect(await readdir(tree)).toContain('server')
  })

  it('publishes everything that was not checked out as it was', async () => {
    const { change, names } = await sparsely('echo more >> web/src/a.ts; echo n > web/src/new.ts')
    expect(names).toEqual([...Object.keys(FILES), 'web/src/new.ts'].toSorted())
    expect(change).toMatchObject({ files: 2, notes: [] })
  })

  it('takes a file that the agent wrote where one was not checked out', async () => {
    const { change, names } = await sparsely('mkdir server; echo mine > server/c.go')
    expect(names).toEqual(Object.keys(FILES).toSorted())
    expect(change).toMatchObject({ files: 1, notes: [] })
    expect(await readFile(change.patchFile, 'utf8')).toContain('+mine')
  })

  it('removes what the agent removed, and nothing that it was not shown', async () => {
    const { names } = await sparsely('rm -r README.md web')
    expect(names).toEqual(['server/c.go', 'server/d.go', 'web/docs/b.md'])
  })

  it.each([
    ['a file', 'echo x > server'],
    ['a link', 'ln -s /etc server'],
    ['a link to a folder with the same names', 'mkdir ../x; touch ../x/c.go; ln -s ../x server'],
    ['a folder in the place of a file', 'mkdir -p server/c.go; echo x > server/c.go/x'],
  ])('loses nothing to %s that the agent put in its place', async (_name, script) => {
    const { names, change } = await sparsely(`${script}; echo x > seen.txt`)
    expect(names).toEqual([...Object.keys(FILES), 'seen.txt'].toSorted())
    expect(change.notes.map(({ code }) => code)).toEqual(['file-not-taken'])
  })

  it('loses nothing to a repository in the place of a file', async () => {
    const { names } = await sparsely('git init -q server/c.go; echo x > server/c.go/x')
    expect(names).toEqual(Object.keys(FILES).toSorted())
  })

  it('loses nothing either when a dead worker’s folder is salvaged', async () => {
    const { folder, workspace, change } = await sparsely('echo more >> web/src/a.ts')
    const found = await findWorkspace(workspace.folder, gitSettings(folder))
    const salvaged = found === null ? null : await takeTree(found, patient())
    expect(salvaged?.tree).toBe(change.tree)
  })

  it('continues from a patch that reaches further', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder, FILES)
    await writeFile(join(clone, 'server/c.go'), 'patched\n')
    const patchFile = join(folder, 'change.patch')
    await writeFile(patchFile, `${await byHand(clone, 'diff')}\n`)
    const workspace = await aWorkspace(folder, {
      repository: remote,
      checkout: { sparse: ['web/src'] },
      continues: keptByJob(asPatch(patchFile)),
    })
    const change = await takeTree(workspace, patient())
    expect(change).toMatchObject({ files: 1, insertions: 1 })
    const show = byHand(workspace.gitDir, 'show', `${change.tree}:server/c.go`)
    expect(await show).toBe('patched')
  })

  it('names the folders that the repository does not have', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder, FILES)
    const sparse = ['web/src', 'sever', 'web/package.json']
    const absent = aWorkspace(folder, { repository: remote, checkout: { sparse } })
    await expect(absent).rejects.toMatchObject({ reason: 'sparse-not-found' })
    await expect(absent).rejects.toThrow('sever, web/package.json')
  })
})

/** A remote with a history of twelve commits, over HTTP and by path. */
async function aHistory() {
  const folder = await tempFolder()
  const { remote, clone } = await makeRemote(folder)
  for (const number of Array.from({ length: 10 }).keys()) {
    await byHand(clone, 'commit', '-q', '--allow-empty', '-m', `number ${number}`)
  }
  const commit = await commitAndPush(clone, { 'last.txt': 'x\n' })
  const server = await startGitServer(folder)
  return { folder, remote, clone, commit, repository: `${server.url}/remote.git` }
}

const historyOf = async (tree: string): Promise<number> =>
  Number(await byHand(tree, 'rev-list', '--count', 'HEAD'))

describeNeeding(['patience'], 'a shallow checkout', () => {
  it('fetches and shows the requested number of commits, and does not truncate the history of other jobs', async () => {
    const { folder, repository, clone } = await aHistory()
    const few = { repository, checkout: { depth: 3 } }
    expect(await historyOf((await aWorkspace(folder, few)).tree)).toBe(3)
    expect(await historyOf((await aWorkspace(folder, { repository })).tree)).toBe(12)
    const commit = await commitAndPush(clone, { 'later.txt': 'x\n' })
    const { tree, base } = await aWorkspace(folder, few)
    expect(base).toEqual({ commit, branch: 'main' })
    expect(await historyOf(tree)).toBe(3)
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
    expect(await byHand(tree, 'log', '--format=%s', '-1')).toBe('Work by hand')
  })

  it('continues from an earlier commit, branch or tag', async () => {
    const { folder, repository, clone, commit } = await aHistory()
    await byHand(clone, 'tag', '-a', '-m', 'x', 'v1')
    await byHand(clone, 'push', '-q', 'origin', 'v1', 'main:refs/heads/a/b')
    const earlier = await byHand(clone, 'rev-parse', 'HEAD~5')
    const at = (ref: string) => aWorkspace(folder, { repository, ref, checkout: { depth: 1 } })
    expect((await at('v1')).base).toEqual({ commit, branch: null })
    expect((await at('a/b')).base).toEqual({ commit, branch: 'a/b' })
    expect((await at(earlier)).base).toEqual({ commit: earlier, branch: null })
    expect(await historyOf((await at(earlier)).tree)).toBe(1)
  })

  it('is pushed on to a remote that has moved on', async () => {
    const { folder, repository, clone, remote } = await aHistory()
    const settings = gitSettings(folder)
    const workspace = await aWorkspace(folder, { repository, checkout: { depth: 1 } })
    await commitAndPush(clone, { 'meanwhile.txt': 'x\n' })
    await shell(workspace.tree, 'echo done > done.txt')
    const change = await takeTree(workspace, patient())
    const request = aBranchRequest({ workspace, change })
    const { revision: commit } = await publishBranch(request, settings, patient())
    expect(await byHand(remote, 'rev-parse', request.branch)).toBe(commit)
    expect(await byHand(remote, 'rev-list', '--count', request.branch)).toBe('13')
  })
})
