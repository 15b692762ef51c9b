import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { removeWorkspace } from '../../src/workspace/remove.ts'
import { findWorkspace } from '../../src/workspace/workspace.ts'
import {
  asPatch,
  aWorkspace,
  byHand,
  commitAndPush,
  gitSettings,
  keptByAttempt,
  keptByJob,
  makeRemote,
  patient,
  shell,
  startAt,
} from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

describe('a workspace', () => {
  it('holds the remote’s default branch with a clean status and its history', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder, { 'a.txt': 'one\n', 'src/b.txt': 'two\n' })
    const commit = await commitAndPush(clone, { 'a.txt': 'changed\n' })
    const workspace = await aWorkspace(folder, { repository: remote })
    expect(workspace.base).toEqual({ commit, branch: 'main' })
    expect(await readFile(join(workspace.tree, 'src/b.txt'), 'utf8')).toBe('two\n')
    expect(await byHand(workspace.tree, 'status', '--porcelain')).toBe('')
    expect(await byHand(workspace.tree, 'branch', '--show-current')).toBe('main')
    expect(await byHand(workspace.tree, 'rev-list', '--count', 'HEAD')).toBe('2')
    expect(workspace.notes).toEqual([])
  })

  it('can be committed in by the agent, who has a name', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const { tree } = await aWorkspace(folder, { repository: remote })
    await byHand(tree, 'commit', '-q', '--allow-empty', '-m', 'mine')
    expect(await byHand(tree, 'config', 'user.email')).toBe('millwright@localhost')
  })

  it('is made from a branch, a tag or a commit, a branch first', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    await byHand(clone, 'tag', '-a', '-m', 'one', 'v1')
    await byHand(clone, 'tag', 'both')
    await byHand(clone, 'checkout', '-q', '-b', 'both')
    const tip = await commitAndPush(clone, { 'c.txt': 'c\n' })
    await byHand(clone, 'push', '-q', 'origin', '--tags')
    const baseOf = async (ref: string) =>
      (await aWorkspace(folder, { repository: remote, ref })).base
    expect(await baseOf('both')).toEqual({ commit: tip, branch: 'both' })
    expect(await baseOf('refs/tags/both')).toEqual({ commit, branch: null })
    expect(await baseOf('v1')).toEqual({ commit, branch: null })
    expect(await baseOf(tip)).toEqual({ commit: tip, branch: null })
    expect(await baseOf('HEAD')).toEqual({ commit, branch: 'main' })
  })

  it('follows a branch that was moved, replaced by names below it, or deleted', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder)
    await byHand(clone, 'push', '-q', 'origin', 'main:refs/heads/x')
    await aWorkspace(folder, { repository: remote, ref: 'x' })
    const moved = await commitAndPush(clone, { 'd.txt': 'd\n' })
    await byHand(clone, 'push', '-q', 'origin', ':refs/heads/x')
    await byHand(clone, 'push', '-q', 'origin', 'main:refs/heads/x/y')
    const { base } = await aWorkspace(folder, { repository: remote, ref: 'x/y' })
    expect(base.commit).toBe(moved)
    const gone = aWorkspace(folder, { repository: remote, ref: 'x' })
    await expect(gone).rejects.toMatchObject({ reason: 'ref-not-found' })
  })

  it('is what the branch is now, with nothing left of what it was before', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder, { 'a.txt': 'a\n', 'old/file': 'x\n' })
    await aWorkspace(folder, { repository: remote })
    await rm(join(clone, 'old'), { recursive: true })
    const commit = await commitAndPush(clone, { old: 'a file now\n' })
    const workspace = await aWorkspace(folder, { repository: remote })
    expect(workspace.base.commit).toBe(commit)
    expect((await readdir(workspace.tree)).toSorted()).toEqual(['.git', 'a.txt', 'old'])
    expect(await byHand(workspace.tree, 'status', '--porcelain')).toBe('')
    expect((await takeTree(workspace, patient())).changed).toBe(false)
  })

  it('checks links out as links', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder)
    await byHand(clone, 'config', 'core.symlinks', 'true')
    const blob = join(clone, 'target')
    await writeFile(blob, '/etc/passwd')
    const object = await byHand(clone, 'hash-object', '-w', blob)
    await rm(blob)
    await byHand(clone, 'update-index', '--add', '--cacheinfo', `120000,${object},link`)
    await byHand(clone, 'commit', '-q', '-m', 'link')
    await byHand(clone, 'push', '-q', 'origin', 'main')
    const { tree } = await aWorkspace(folder, { repository: remote })
    const entries = await readdir(tree, { withFileTypes: true })
    expect(entries.find(({ name }) => name === 'link')?.isSymbolicLink()).toBe(true)
  })

  it('notes once that submodules and LFS objects are missing', async () => {
    const folder = await tempFolder()
    const { remote, commit } = await makeRemote(folder, {
      '.gitmodules': '[submodule "s"]\n\tpath = s\n\turl = https://example.org/s\n',
      'media/.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n',
      'more/.gitattributes': '*.jpg filter=lfs\n',
    })
    const { notes } = await aWorkspace(folder, { repository: remote, ref: commit })
    expect(notes.map(({ code }) => code)).toEqual(['submodules-not-fetched', 'lfs-not-fetched'])
  })

  it('continues from a published commit or from a patch', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    await byHand(clone, 'checkout', '-q', '-b', 'published')
    const published = await commitAndPush(clone, { 'new.txt': 'by the first job\n' })
    const patchFile = join(folder, 'change.patch')
    await writeFile(patchFile, `${await byHand(clone, 'diff', '--binary', 'HEAD~1')}\n`)

    const onCommit = await aWorkspace(folder, { repository: remote, start: startAt([published]) })
    expect(onCommit.base).toEqual({ commit: published, branch: null })

    const onPatch = await aWorkspace(folder, {
      repository: remote,
      continues: keptByJob(asPatch(patchFile)),
    })
    expect(onPatch.base.commit).toBe(commit)
    expect(await readFile(join(onPatch.tree, 'new.txt'), 'utf8')).toBe('by the first job\n')
    const change = await takeTree(onPatch, patient())
    expect(change).toMatchObject({ changed: true, files: 1, insertions: 1 })
  })

  it('reports an earlier patch that does not apply', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const patchFile = join(folder, 'change.patch')
    await writeFile(patchFile, '--- a/absent\n+++ b/absent\n@@ -1 +1 @@\n-x\n+y\n')
    const request = { repository: remote, continues: keptByJob(asPatch(patchFile)) }
    await expect(aWorkspace(folder, request)).rejects.toMatchObject({
      reason: 'change-conflicts',
      detail: expect.stringContaining('Git said: error: absent: does not exist in index'),
    })
  })

  it('continues from a change with its record, although the branch has moved', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder)
    const first = await aWorkspace(folder, { repository: remote })
    await shell(
      first.tree,
      'echo more >> README.md; head -c 300 /dev/urandom > binary; chmod +x binary',
    )
    const change = await takeTree(first, patient())
    await commitAndPush(clone, { 'README.md': 'quite different\n' })
    const next = await aWorkspace(folder, { repository: remote, continues: keptByAttempt(change) })
    expect(next.base.commit).toBe(commit)
    expect((await takeTree(next, patient())).tree).toBe(change.tree)
  })

  it('is refused when a change does not give the tree of its record', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const first = await aWorkspace(folder, { repository: remote })
    await shell(first.tree, 'echo more >> README.md')
    const change = await takeTree(first, patient())
    await writeFile(
      change.patchFile,
      (await readFile(change.patchFile, 'utf8')).replace('more', 'MORE'),
    )
    const next = aWorkspace(folder, { repository: remote, continues: keptByAttempt(change) })
    await expect(next).rejects.toMatchObject({
      reason: 'workspace-failed',
      detail: expect.stringContaining('a tree that differs from the recorded one'),
    })
  })

  it('is found again after its worker died, but only when it was ready', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const workspace = await aWorkspace(folder, { repository: remote })
    const found = await findWorkspace(workspace.folder, gitSettings(folder))
    expect(found).toMatchObject({ tree: workspace.tree, base: workspace.base })
    expect(await findWorkspace(folder, gitSettings(folder))).toBeNull()
  })

  it.each(['', '{"repository":"/sr'])(
    'is not ready when its worker died while it wrote “%s” about it',
    async (half) => {
      const folder = await tempFolder()
      await mkdir(join(folder, 'git'))
      await writeFile(join(folder, 'git', 'workspace.json'), half)
      expect(await findWorkspace(folder, gitSettings(folder))).toBeNull()
    },
  )

  it('leaves neither folder nor pin behind when it is removed', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder)
    const workspace = await aWorkspace(folder, { repository: remote })
    const pins = join(workspace.objects, '..', 'refs', 'jobs')
    expect(await readdir(pins)).toHaveLength(1)
    await removeWorkspace(workspace.folder)
    expect(await readdir(pins)).toEqual([])
    await expect(readdir(workspace.folder)).rejects.toThrow(/ENOENT/)
    await removeWorkspace(workspace.folder)
  })

  it('is removed without an error when its folder is incomplete', async () => {
    const folder = join(await tempFolder(), 'attempt')
    await mkdir(folder)
    await removeWorkspace(folder)
    await expect(readdir(folder)).rejects.toThrow(/ENOENT/)
  })
})
