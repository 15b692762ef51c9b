import { execFile } from 'node:child_process'
import { access, chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { publishBranch } from '../../src/publish/branch.ts'
import { removeWorkspace } from '../../src/workspace/remove.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import {
  aWorkspace,
  byHand,
  GIT_ENV,
  gitSettings,
  makeRemote,
  patient,
} from '../support/repository.ts'
import { aBranchRequest } from '../support/branch-request.ts'
import { startGitServer } from '../support/git-server.ts'
import { startLyingServer } from '../support/lying-server.ts'
import { describeNeeding } from '../support/needs.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { type HostileTree, HOSTILE_TREES } from './hostile-trees.ts'

const run = promisify(execFile)
const SECRET = 'secret-canary-4711'
const FILES = { 'a.txt': 'a\n', 'dir/a.txt': 'b\n' }

async function aTrap(files: Readonly<Record<string, string>> = FILES) {
  const folder = await tempFolder()
  const { remote, clone } = await makeRemote(folder, files)
  const [canary, pwn, secret] = ['canary', 'pwn', 'secret'].map((name) => join(folder, name))
  await writeFile(pwn ?? '', `#!/bin/sh\ntouch ${canary}\n`)
  await chmod(pwn ?? '', 0o755)
  await mkdir(secret ?? '')
  for (const name of ['a.txt', 'key']) await writeFile(join(secret ?? '', name), SECRET)
  const env = { ...GIT_ENV, PWN: pwn, SECRET: secret, REMOTE: remote }
  const hasBitten = () =>
    access(canary ?? '').then(
      () => true,
      () => false,
    )
  return { folder, remote, clone, env, hasBitten }
}

/** The git commands of a worker that trusted the tree. */
const CARELESS = [
  'git status',
  'git add -A',
  'git status',
  'git diff HEAD',
  'git commit -m x',
  'rm -f a.txt; git checkout -- a.txt',
  'git ls-remote ssh://127.0.0.1:1/x',
  'git ls-remote "$REMOTE"',
  'git ls-remote origin',
]

describeNeeding(['patience'], 'a hostile tree', () => {
  it.each(HOSTILE_TREES)('runs nothing and shows nothing: $name', async (tree: HostileTree) => {
    const { folder, remote, env, hasBitten } = await aTrap(tree.files)
    const workspace = await aWorkspace(folder, { repository: remote })
    await run('sh', ['-ec', tree.script], { cwd: workspace.tree, env })
    // Building the malicious tree may have triggered it.
    await rm(join(folder, 'canary'), { force: true })

    const change = await takeTree(workspace, patient())
    expect(await readFile(change.patchFile, 'utf8')).not.toContain(SECRET)
    const publication = await publishBranch(
      aBranchRequest({ workspace, change, branch: 'result' }),
      gitSettings(folder),
      patient(),
    )
    expect(await byHand(remote, 'rev-parse', 'result')).toBe(publication.revision)
    expect(await byHand(remote, 'log', '-p', '--all', '--', '.')).not.toContain(SECRET)
    await aWorkspace(folder, { repository: remote, ref: 'result' })
    expect(await hasBitten()).toBe(false)

    for (const command of CARELESS) {
      await run('sh', ['-c', command], { cwd: workspace.tree, env }).catch(() => {})
    }
    expect(await hasBitten()).toBe(tree.bites)
    await removeWorkspace(workspace.folder)
    expect(await readFile(join(folder, 'secret', 'key'), 'utf8')).toBe(SECRET)
  })

  it('cannot hide work by marking, excluding or replacing in its own repository', async () => {
    const { folder, remote, env } = await aTrap()
    const workspace = await aWorkspace(folder, { repository: remote })
    const script = `git update-index --assume-unchanged a.txt; git update-index --skip-worktree dir/a.txt
      mkdir -p .git/info; echo '*' > .git/info/exclude; echo x >> a.txt; echo x >> dir/a.txt; echo x > new`
    await run('sh', ['-ec', script], { cwd: workspace.tree, env })
    expect((await takeTree(workspace, patient())).files).toBe(3)
  })

  it('costs its attempt no more than the time limit when it makes git wait', async () => {
    const { folder, remote, env } = await aTrap()
    const settings = gitSettings(folder, { timeoutMs: 1000 })
    const workspace = await aWorkspace(folder, { repository: remote, settings })
    await run('mkfifo', ['.gitignore'], { cwd: workspace.tree, env })
    await expect(takeTree(workspace, patient())).rejects.toThrow(/exceeded the worker’s time limit/)
  })
})

/** Pushes a tree that git would not make, past all checks. */
async function pushTree(clone: string, lines: string): Promise<void> {
  const env = { ...GIT_ENV, CLONE: clone }
  const script = `cd "$CLONE"; blob=$(echo evil | git hash-object -w --stdin)
    link=$(printf .git/hooks | git hash-object -w --stdin)
    sub=$(printf '100755 blob %s\\tpost-checkout\\n' $blob | git mktree)
    tree=$(printf ${lines} | git mktree)
    git push -q origin $(git commit-tree -m evil $tree):refs/heads/evil`
  await run('sh', ['-ec', script], { env })
}

describeNeeding(['patience'], 'a hostile remote', () => {
  it.each([
    ['a .git folder', `"040000 tree $sub\\t.git\\n"`],
    ['a .GIT folder', `"040000 tree $sub\\t.GIT\\n"`],
    ['a .git folder as Windows shortens it', `"040000 tree $sub\\tGIT~1\\n"`],
    ['a folder that leads up', `"040000 tree $sub\\t..\\n"`],
    ['a link for .gitmodules', `"120000 blob $link\\t.gitmodules\\n"`],
  ])('gives no workspace with %s', async (_name, lines) => {
    const { folder, remote, clone, hasBitten } = await aTrap()
    await pushTree(clone, lines)
    const refused = aWorkspace(folder, { repository: remote, ref: 'evil' })
    await expect(refused).rejects.toMatchObject({ reason: 'repository-unsafe' })
    expect(await hasBitten()).toBe(false)
    // One bad branch does not affect the others.
    expect((await aWorkspace(folder, { repository: remote })).base.branch).toBe('main')
  })

  it.each([
    ['a name that leads out', '[submodule "../../x"]\n\tpath = x\n\turl = ./x\n'],
    ['an option for an address', '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=x\n'],
    ['an option for a path', '[submodule "x"]\n\tpath = --x\n\turl = ./x\n'],
  ])('gives no workspace with %s in .gitmodules', async (_name, text) => {
    const { folder, remote } = await aTrap({ '.gitmodules': text })
    const refused = aWorkspace(folder, { repository: remote })
    await expect(refused).rejects.toMatchObject({ reason: 'repository-unsafe' })
  })

  it.each(['refs/heads/../../../../../victim', 'refs/tags/../../../../../victim'])(
    'that says HEAD stands for %s is not believed',
    async (head) => {
      const { folder } = await aTrap()
      const { url } = await startGitServer(folder)
      await writeFile(join(folder, 'victim'), SECRET)
      const repository = `${await startLyingServer(url, head)}/remote.git`
      // The second run uses a warm cache.
      for (const _ of ['cold', 'warm']) {
        const { base, tree } = await aWorkspace(folder, { repository })
        expect(await readFile(join(folder, 'victim'), 'utf8')).toBe(SECRET)
        expect(base.branch).toBeNull()
        expect(await byHand(tree, 'symbolic-ref', 'HEAD')).toBe('refs/heads/work')
        expect(await byHand(tree, 'status', '--porcelain')).toBe('')
      }
    },
  )
})
