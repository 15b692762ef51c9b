import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { restoreTree } from '../../src/workspace/restore-tree.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { startGitServer } from '../support/git-server.ts'
import { lfsId, pointerTo } from '../support/lfs-store.ts'
import { describeNeeding } from '../support/needs.ts'
import { aWorkspace, byHand, makeRemote, patient, shell } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { runUnprivileged } from '../support/unprivileged.ts'

const FILES = {
  'a.txt': 'one\n',
  'dir/b.txt': 'b\n',
  'dir/c.txt': 'c\n',
  '.gitignore': 'out/\n*.log\n',
}

/** A workspace in which an agent and then a check ran, restored to the state after the agent. */
async function restored(
  agent: string,
  check: string,
  files: Readonly<Record<string, string>> = FILES,
) {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder, files)
  return await restoredIn(await aWorkspace(folder, { repository: remote }), agent, check)
}

async function restoredIn(workspace: Workspace, agent: string, check: string) {
  await shell(workspace.tree, agent)
  const { tree } = await takeTree(workspace, patient())
  await shell(workspace.tree, check)
  await restoreTree(workspace, tree, patient())
  expect((await takeTree(workspace, patient())).tree).toBe(tree)
  return { workspace, tree, names: (await readdir(workspace.tree)).toSorted() }
}

const read = ({ tree }: Workspace, name: string): Promise<string> =>
  readFile(join(tree, name), 'utf8')

describe('a work tree that is put back', () => {
  it('has again what was changed and deleted, and nothing of what was added', async () => {
    const { workspace, names } = await restored(
      'echo two >> a.txt; rm dir/b.txt; printf x > "naïve 名"; chmod +x dir/c.txt',
      `echo three >> a.txt; echo new > dir/b.txt; rm "naïve 名"; chmod -x dir/c.txt; rm .gitignore
       mkdir -p deep/er; echo x > deep/er/x; git add deep; git commit -qm check`,
    )
    expect(await read(workspace, 'a.txt')).toBe('one\ntwo\n')
    expect(names).toEqual(['.git', '.gitignore', 'a.txt', 'dir', 'naïve 名'])
    expect((await lstat(join(workspace.tree, 'dir/c.txt'))).mode & 0o100).toBe(0o100)
  })

  it('keeps what .gitignore names, by the rules that the agent left', async () => {
    const { workspace, names } = await restored(
      'echo cache >> .gitignore; echo 1 > cache; mkdir -p out new; echo o > out/o; echo l > new/l.log',
      'echo "*" > .gitignore; echo junk > junk; echo 2 > cache; echo n > new/n; echo p > out/p',
    )
    expect(names).toEqual(['.git', '.gitignore', 'a.txt', 'cache', 'dir', 'new', 'out'])
    expect(await read(workspace, 'cache')).toBe('2\n')
    expect(await readdir(join(workspace.tree, 'out'))).toEqual(['o', 'p'])
    expect(await readdir(join(workspace.tree, 'new'))).toEqual(['l.log'])
  })

  it.each([
    ['a folder became a link to itself', 'mv dir other; ln -s other dir'],
    ['a folder became a link out of the tree', 'mv dir ../dir; ln -s ../dir dir'],
    ['a file became a link', 'cp a.txt ../a; ln -sf ../a a.txt'],
    [
      'a file became a folder',
      'rm a.txt; mkdir -p a.txt/out; echo x > a.txt/x; echo y > a.txt/out/y',
    ],
    ['a folder became a file', 'rm -r dir; echo x > dir'],
    ['a file became a pipe', 'rm a.txt; mkfifo a.txt pipe'],
    [
      'another .gitattributes came',
      'echo "* text eol=crlf" > .gitattributes; sed -i "s/$/\\r/" a.txt',
    ],
  ])('is whole where %s', async (_name, check) => {
    const { workspace } = await restored('echo two >> a.txt; echo b2 > dir/b.txt', check)
    expect(await read(workspace, 'a.txt')).toBe('one\ntwo\n')
    expect(await read(workspace, 'dir/b.txt')).toBe('b2\n')
    expect((await lstat(join(workspace.tree, 'dir'))).isDirectory()).toBe(true)
  })

  it('touches nothing that a link leads to', async () => {
    const { workspace } = await restored(
      'mkdir ../outside; echo canary > ../outside/b.txt; echo canary > ../outside/c.txt',
      'rm -r dir; ln -s ../outside dir; ln -s ../outside new',
    )
    expect((await readdir(join(workspace.folder, 'outside'))).toSorted()).toEqual([
      'b.txt',
      'c.txt',
    ])
    expect(await read(workspace, '../outside/b.txt')).toBe('canary\n')
  })

  it('has the files of a nested repository again, and none of one that came later', async () => {
    const { workspace, names } = await restored(
      'git init -q mine; echo m > mine/m; cd mine; git add .; git commit -qm x',
      'echo n > mine/m; echo x > mine/x; rm -rf mine/.git/refs; git init -q later; echo l > later/l; git init -q dir',
    )
    expect(await read(workspace, 'mine/m')).toBe('m\n')
    expect((await readdir(join(workspace.tree, 'mine'))).toSorted()).toEqual(['.git', 'm'])
    expect(names).not.toContain('later')
  })

  it('starts no program that is named in the tree', async () => {
    const { workspace } = await restored(
      'true',
      `echo "* filter=evil" > .gitattributes; git config filter.evil.smudge "touch ../canary"
       git config core.fsmonitor "touch ../canary"; git init -q n; git -C n config core.fsmonitor "touch ../canary"
       rm -f .git/hooks/*; mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch ../canary' > .git/hooks/post-index-change
       chmod +x .git/hooks/post-index-change; echo x > a.txt`,
    )
    expect(await readdir(workspace.folder)).not.toContain('canary')
  })

  it('can be put back in read-only and in shut folders', async () => {
    const folder = await tempFolder()
    const program = join(import.meta.dirname, 'restore-tree-program.ts')
    const agent = 'echo two >> a.txt; echo x > dir/x'
    const check = `echo y > a.txt; echo y > dir/y; rm dir/x; mkdir -p shut/in; echo z > shut/in/z
      chmod 000 a.txt shut/in; chmod 500 dir shut`
    const answer = JSON.parse(await runUnprivileged(folder, program, folder, agent, check))
    expect(answer).toEqual({ isSame: true, names: ['.git', 'a.txt', 'dir'] })
  })

  it('holds nothing of folders that are deeper than a path can be', async () => {
    const { workspace, names } = await restored(
      'echo two >> a.txt',
      `name=$(printf 'd%.0s' $(seq 200)); echo three >> a.txt
       for n in $(seq 30); do echo x > junk; mkdir $name; cd -P $name; done`,
    )
    expect(names).toEqual(['.git', '.gitignore', 'a.txt', 'dir'])
    expect(await read(workspace, 'a.txt')).toBe('one\ntwo\n')
  })

  it('is refused when the workspace folder is not the one that was made', async () => {
    const { workspace, tree } = await restored('true', 'true')
    await shell(workspace.folder, 'mv tree away; ln -s away tree')
    await expect(restoreTree(workspace, tree, patient())).rejects.toThrow(/replaced its workspace/)
  })

  it('shows no more of a sparse checkout than before, and all that the agent wrote', async () => {
    const folder = await tempFolder()
    const files = { 'web/a': 'a\n', 'server/b': 'b\n', 'server/c': 'c\n', 'docs/d': 'd\n' }
    const { remote } = await makeRemote(folder, files)
    const checkout = { sparse: ['web'] }
    const { workspace, names } = await restoredIn(
      await aWorkspace(folder, { repository: remote, checkout }),
      'mkdir server; echo mine > server/b; echo new > server/new',
      'rm -r server; echo x > docs; echo y > web/a',
    )
    expect(names).toEqual(['.git', 'server', 'web'])
    expect((await readdir(join(workspace.tree, 'server'))).toSorted()).toEqual(['b', 'new'])
    expect(await read(workspace, 'server/b')).toBe('mine\n')
  })

  it('leaves a submodule alone', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder, FILES)
    await byHand(clone, 'update-index', '--add', '--cacheinfo', `160000,${commit},sub`)
    await byHand(clone, 'commit', '-q', '-m', 'submodule')
    await byHand(clone, 'push', '-q', 'origin', 'main')
    const { workspace } = await restoredIn(
      await aWorkspace(folder, { repository: remote }),
      'echo mine > sub/file',
      'echo x > a.txt',
    )
    expect(await read(workspace, 'sub/file')).toBe('mine\n')
  })
})

describeNeeding(['git-lfs'], 'a work tree with files in Git LFS that is put back', () => {
  it('has fetched and new contents again, and asks nobody for them', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder, {
      '.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n',
      'a.png': pointerTo('fetched'),
      'b.png': pointerTo('fetched, too'),
    })
    const server = await startGitServer(folder)
    for (const text of ['fetched', 'fetched, too']) server.lfs.set(lfsId(text), Buffer.from(text))
    const repository = `${server.url}/${remote.slice(folder.length + 1)}`
    const workspace = await aWorkspace(folder, { repository, checkout: { lfs: true } })
    server.lfs.clear()
    const asked = server.requests.length
    await restoredIn(
      workspace,
      'printf made > a.png; printf new > c.png',
      'printf x > a.png; rm b.png c.png; rm .gitattributes',
    )
    expect(await read(workspace, 'a.png')).toBe('made')
    expect(await read(workspace, 'b.png')).toBe('fetched, too')
    expect(await read(workspace, 'c.png')).toBe('new')
    expect(server.requests).toHaveLength(asked)
  })
})
