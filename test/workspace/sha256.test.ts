import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { publishBranch } from '../../src/publish/branch.ts'
import { restoreTree } from '../../src/workspace/restore-tree.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { startGitServer } from '../support/git-server.ts'
import {
  aWorkspace,
  byHand,
  gitSettings,
  keptByAttempt,
  keptByJob,
  patient,
  shell,
} from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** A remote with SHA-256 objects over HTTP, and a workspace in which files were changed. */
async function aChange(checkout = {}) {
  const folder = await tempFolder()
  const remote = join(folder, 'remote.git')
  await byHand(folder, 'init', '-q', '--bare', '-b', 'main', '--object-format=sha256', remote)
  await byHand(folder, 'init', '-q', '-b', 'main', '--object-format=sha256', 'clone')
  const clone = join(folder, 'clone')
  await shell(clone, 'echo a > a; echo b > b; git add .; git commit -q -m one')
  await shell(clone, `echo c > c; git add .; git commit -q -m two; git push -q ${remote} main`)
  const repository = `${(await startGitServer(folder)).url}/remote.git`
  const request = { repository, checkout }
  const workspace = await aWorkspace(folder, request)
  await shell(workspace.tree, 'echo more >> a; rm b; mkdir d; echo d > d/d')
  const change = await takeTree(workspace, patient())
  return { folder, remote, request, workspace, change }
}

describe('a repository with SHA-256 objects', () => {
  it.each([{}, { depth: 1 }, { sparse: ['d'] }])('is checked out with %j', async (options) => {
    const folder = await tempFolder()
    const remote = join(folder, 'r')
    await byHand(folder, 'init', '-q', '-b', 'main', '--object-format=sha256', remote)
    await shell(remote, 'mkdir d; echo 1 > d/f; git add .; git commit -q -m one')
    const commit = await byHand(remote, 'rev-parse', 'HEAD')
    expect(commit).toHaveLength(64)
    for (const ref of ['main', commit]) {
      const request = { repository: `file://${remote}`, ref, checkout: options }
      const { base, tree } = await aWorkspace(folder, request)
      expect(base.commit).toBe(commit)
      expect(await readFile(join(tree, 'd', 'f'), 'utf8')).toBe('1\n')
      expect(await byHand(tree, 'log', '--format=%H')).toBe(commit)
    }
  })

  it('gets the change as a commit on a branch', async () => {
    const { folder, remote, workspace, change } = await aChange()
    expect(change).toMatchObject({ files: 3, insertions: 2, deletions: 1 })
    const publication = await publishBranch(
      aBranchRequest({ workspace, change, branch: 'work' }),
      gitSettings(folder),
      patient(),
    )
    expect(publication.revision).toBe(await byHand(remote, 'rev-parse', 'work'))
    expect(await byHand(remote, 'ls-tree', '-r', '--name-only', 'work')).toBe('a\nc\nd/d')
  })

  it('has its change restored, by the next attempt and by a follow-up', async () => {
    const { folder, request, workspace, change } = await aChange({ depth: 1 })
    for (const continues of [keptByAttempt(change), keptByJob(...change.artifacts)]) {
      const next = await aWorkspace(folder, { ...request, continues })
      expect(next.base.commit).toBe(workspace.base.commit)
      expect((await takeTree(next, patient())).tree).toBe(change.tree)
    }
    await writeFile(join(workspace.tree, 'a'), 'other\n')
    await restoreTree(workspace, change.tree, patient())
    expect((await takeTree(workspace, patient())).tree).toBe(change.tree)
  })
})
