import { lstat, mkdir, readdir, readFile, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { removeTree } from '../../src/platform/remove-tree.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { aWorkspace, byHand, makeRemote, patient, shell } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { runUnprivileged } from '../support/unprivileged.ts'

const FILES = { 'a.txt': 'one\ntwo\n', 'dir/b.txt': 'b\n', 'dir/c.txt': 'c\n' }

async function changedBy(script: string, files: Readonly<Record<string, string>> = FILES) {
  const folder = await tempFolder()
  const { remote } = await makeRemote(folder, files)
  const workspace = await aWorkspace(folder, { repository: remote })
  await shell(workspace.tree, script)
  const change = await takeTree(workspace, patient())
  return { folder, workspace, change, names: await namesIn(workspace, change.tree) }
}

/** `mode path` of each file in a tree, paths as git quotes them. */
async function namesIn({ gitDir }: Workspace, tree: string): Promise<string[]> {
  const lines = await byHand(gitDir, 'ls-tree', '-r', tree)
  return lines.split('\n').map((line) => line.replace(/ .*\t/, ' '))
}

/** The trees taken after each script by an unprivileged process. */
async function takenUnprivileged(
  ...scripts: readonly string[]
): Promise<readonly { readonly names: readonly string[]; readonly notes: readonly string[] }[]> {
  const folder = await tempFolder()
  const program = join(import.meta.dirname, 'take-tree-program.ts')
  return JSON.parse(await runUnprivileged(folder, program, folder, ...scripts))
}

describe('the change', () => {
  it('is nothing when nothing changed', async () => {
    const { change } = await changedBy('touch a.txt')
    expect(change).toMatchObject({ changed: false, files: 0, notes: [] })
    expect(await readFile(change.patchFile, 'utf8')).toBe('')
  })

  it('sees untracked, staged and committed work alike', async () => {
    const { change, names } = await changedBy(
      'echo 1 > untracked; echo 2 > staged; git add staged; echo 3 > committed; git add committed; git commit -qm x',
    )
    expect(names).toEqual(
      expect.arrayContaining(['100644 untracked', '100644 staged', '100644 committed']),
    )
    expect(change).toMatchObject({ changed: true, files: 3, insertions: 3, deletions: 0 })
  })

  it('sees edits, deletions, modes, links and binaries, and its patch gives the same tree', async () => {
    const { change, names, workspace, folder } = await changedBy(
      `echo three >> a.txt; rm dir/b.txt; chmod +x dir/c.txt; ln -s a.txt link; head -c 3000 /dev/urandom > binary`,
    )
    expect(names).toEqual(['100644 a.txt', '100644 binary', '100755 dir/c.txt', '120000 link'])
    expect(change).toMatchObject({ files: 5, insertions: 2, deletions: 1 })
    await byHand(folder, 'clone', '-q', 'remote.git', 'again')
    const again = join(folder, 'again')
    await byHand(again, 'apply', '--index', change.patchFile)
    expect(await byHand(again, 'write-tree')).toBe(change.tree)
    expect(change.base).toBe(workspace.base.commit)
  })

  it('sees a file that became a folder, a folder that became a file, and a folder that became a link', async () => {
    const { names } = await changedBy(
      `rm a.txt; mkdir a.txt; echo x > a.txt/in; rm -r dir; ln -s /etc dir; mkdir new; echo y > new/y; rm -r other; echo z > other`,
      { ...FILES, 'other/deep/file': 'x\n' },
    )
    expect(names).toEqual(['100644 a.txt/in', '120000 dir', '100644 new/y', '100644 other'])
  })

  it('never follows a link out of the tree', async () => {
    const { change } = await changedBy(
      `rm -r dir; ln -s ../secret dir; ln -s ../secret/key key; mkdir ../secret; echo canary > ../secret/key; echo canary > ../secret/b.txt`,
    )
    expect(await readFile(change.patchFile, 'utf8')).not.toContain('canary')
  })

  it('does not take what .gitignore names', async () => {
    const { names } = await changedBy('echo out > .gitignore; mkdir out; echo x > out/x')
    expect(names).not.toContain('100644 out/x')
    expect(names).toContain('100644 .gitignore')
  })

  it('takes names of any bytes', async () => {
    const { names, change } = await changedBy(
      `printf x > 'a
b'; printf x > 'say "hi"'; printf x > "$(printf 'bad\\377')"; printf x > ' lead'; printf x > '-dash'; printf x > ':(glob)*'`,
    )
    expect(change.files).toBe(6)
    expect(names).toEqual(expect.arrayContaining(['100644 "a\\nb"', '100644 "bad\\377"']))
  })

  it('leaves out pipes, sockets and names that git refuses, and takes the rest', async () => {
    const { names, change } = await changedBy(
      `mkfifo pipe; rm a.txt; mkfifo a.txt; mkdir d; mkfifo d/in; mkdir .GIT; echo ignored > .gitignore
       mkfifo ignored; git init -q nest; mkfifo nest/p; echo x > .GIT/config; mkdir 'git~1'; echo x > 'git~1/x'; echo y > good`,
    )
    expect(names).toEqual(
      ['.gitignore', 'a.txt', 'dir/b.txt', 'dir/c.txt', 'good'].map((name) => `100644 ${name}`),
    )
    expect(change.notes.map(({ text }) => text).toSorted()).toEqual([
      '".GIT/config" was left out, because git rejects its name',
      '"a.txt" is neither a file nor a link, so it was left out',
      '"d/in" is neither a file nor a link, so it was left out',
      '"git~1/x" was left out, because git rejects its name',
      '"nest" is a nested git repository; its files are treated as plain files',
      '"nest/p" is neither a file nor a link, so it was left out',
      '"pipe" is neither a file nor a link, so it was left out',
    ])
  })

  it('takes nested repositories as files, each with a note', async () => {
    const { names, change } = await changedBy(
      `git init -q nest; cd nest; echo h > h; ln -s h l; mkdir sub; echo s > sub/s; chmod +x sub/s; printf q > 'odd
name'; echo ignored > .gitignore; echo x > ignored; git add .; git commit -qm x
       git init -q inner; echo i > inner/i; cd ..; git init -q unborn; echo u > unborn/u; git init -q dir; echo d > dir/d`,
    )
    expect(names).toEqual([
      '100644 a.txt',
      '100644 dir/b.txt',
      '100644 dir/c.txt',
      '100644 dir/d',
      '100644 nest/.gitignore',
      '100644 nest/h',
      '100644 nest/inner/i',
      '120000 nest/l',
      '100644 "nest/odd\\nname"',
      '100755 nest/sub/s',
      '100644 unborn/u',
    ])
    expect(change.notes.map(({ code }) => code)).toEqual(['nested-repository', 'nested-repository'])
  })

  it('keeps a submodule as it was, even when the agent filled its folder', async () => {
    const folder = await tempFolder()
    const { remote, clone, commit } = await makeRemote(folder, FILES)
    await byHand(clone, 'update-index', '--add', '--cacheinfo', `160000,${commit},sub`)
    await byHand(clone, 'commit', '-q', '-m', 'submodule')
    await byHand(clone, 'push', '-q', 'origin', 'main')
    const untouched = await aWorkspace(folder, { repository: remote })
    expect((await takeTree(untouched, patient())).changed).toBe(false)
    const filled = await aWorkspace(folder, { repository: remote })
    await shell(filled.tree, 'git init -q sub; cd sub; echo x > x; git add x; git commit -qm x')
    const change = await takeTree(filled, patient())
    expect(change).toMatchObject({ changed: false })
    expect(change.notes.map(({ code }) => code)).toEqual(['submodule-kept'])
  })

  it.each([
    ['gone', 'rm -rf .git'],
    ['a file', 'rm -rf .git; echo gitdir: /nowhere > .git'],
    ['a link', 'rm -rf .git; ln -s /etc .git'],
    ['another repository', 'rm -rf .git; git init -q; git add .; git commit -qm x'],
    ['full of rubbish', 'rm -rf .git/*; echo rubbish > .git/HEAD; echo rubbish > .git/index'],
  ])('is the same when the agent’s .git is %s', async (_name, script) => {
    const { change, names } = await changedBy(`${script}; echo new > new`)
    expect(change).toMatchObject({ files: 1, insertions: 1 })
    expect(names).toContain('100644 new')
  })

  it('can be taken again and again', async () => {
    const { workspace, change } = await changedBy('echo 1 > new')
    await shell(workspace.tree, 'echo 2 >> new; rm a.txt')
    expect(await takeTree(workspace, patient())).toMatchObject({ files: 2, deletions: 2 })
    await shell(workspace.tree, 'echo 1 > new; git checkout -q a.txt')
    expect((await takeTree(workspace, patient())).tree).toBe(change.tree)
    const left = await readdir(workspace.gitDir)
    expect(left.filter((name) => /^(?:index\.|links-)/.test(name))).toEqual([])
  })

  it('keeps what it can read of a tree with unreadable parts, and names the rest', async () => {
    const [some, root] = await takenUnprivileged(
      `echo n > new; touch locked; echo x >> a.txt; mkdir d; echo x > d/x; chmod 000 locked a.txt d dir`,
      `echo n > new; git init -q n; echo x > n/x; echo y > n/y; mkdir n/d n/e; echo z > n/e/z
       chmod 000 n/x n/d; chmod 400 n/e; chmod 000 .`,
    )
    expect(some?.names).toEqual(['a.txt', 'dir/deep/b.txt', 'new'])
    expect(some?.notes.toSorted()).toEqual(
      ['"a.txt"', '"d/"', '"dir/"', '"dir/deep/b.txt"', '"locked"'].map(
        (name) => `${name} cannot be read, so changes to it are ignored`,
      ),
    )
    expect(root?.names).toEqual(['a.txt', 'dir/deep/b.txt', 'n/y', 'new'])
    expect(root?.notes.slice(1).toSorted()).toEqual(
      ['"n/d"', '"n/e/z"', '"n/x"'].map(
        (name) => `${name} cannot be read, so changes to it are ignored`,
      ),
    )
  })

  it('leaves out a file that is larger than a whole change may be, and takes the rest', async () => {
    const { workspace } = await changedBy('seq 1000 > core; seq 1000 > a.txt; echo x > small')
    await shell(workspace.tree, 'git init -q nest; seq 1000 > nest/core; echo y > nest/small')
    const change = await takeTree(workspace, patient(), { files: 9, bytes: 100 })
    expect(await namesIn(workspace, change.tree)).toEqual([
      '100644 a.txt',
      '100644 dir/b.txt',
      '100644 dir/c.txt',
      '100644 nest/small',
      '100644 small',
    ])
    expect(change.notes.filter(({ text }) => text.includes('larger than 100 bytes'))).toHaveLength(
      3,
    )
  })

  it('leaves out folders that are deeper than a path can be, and names one', async () => {
    const { workspace, change, names } = await changedBy(
      `name=$(printf 'd%.0s' $(seq 200)); echo three >> a.txt
       for n in $(seq 30); do mkdir $name; cd -P $name; done; echo x > junk`,
    )
    expect(names).toEqual(['100644 a.txt', '100644 dir/b.txt', '100644 dir/c.txt'])
    expect(change).toMatchObject({ files: 1, notes: [{ code: 'file-not-taken' }] })
    await removeTree(workspace.tree)
  })

  it('has limits, and names them', async () => {
    const { workspace } = await changedBy('seq 20 > new; seq 20 > b')
    const files = takeTree(workspace, patient(), { files: 1, bytes: 1e6 })
    await expect(files).rejects.toMatchObject({ reason: 'change-too-large' })
    await expect(files).rejects.toThrow('more than 1 files')
    const bytes = takeTree(workspace, patient(), { files: 2, bytes: 100 })
    await expect(bytes).rejects.toThrow('more than 100 bytes')
    await shell(workspace.tree, 'rm new b; git init -q nest; seq 20 > nest/n; seq 20 > nest/m')
    await expect(takeTree(workspace, patient(), { files: 1, bytes: 1e6 })).rejects.toThrow(
      '1 files',
    )
    await expect(takeTree(workspace, patient(), { files: 9, bytes: 100 })).rejects.toThrow('bytes')
  })

  it('is not read from a workspace folder that is not the one that was made', async () => {
    const { workspace, folder } = await changedBy('true')
    await rename(workspace.tree, `${workspace.tree}-away`)
    await mkdir(join(folder, 'elsewhere'))
    await symlink(join(folder, 'elsewhere'), workspace.tree)
    expect((await lstat(workspace.tree)).isSymbolicLink()).toBe(true)
    await expect(takeTree(workspace, patient())).rejects.toThrow(/replaced its workspace/)
  })
})
