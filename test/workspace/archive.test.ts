import { lstat, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { prepareArchive } from '../../src/workspace/archive.ts'
import type { KeptChange } from '../../src/workspace/earlier-change.ts'
import { packArchive } from '../../src/workspace/pack-archive.ts'
import { removeWorkspace } from '../../src/workspace/remove.ts'
import { restoreTree } from '../../src/workspace/restore-tree.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { findWorkspace } from '../../src/workspace/workspace.ts'
import {
  byHand,
  gitSettings,
  keptByAttempt,
  keptByJob,
  patient,
  shell,
} from '../support/repository.ts'
import { listedByTar, packedBy } from '../support/tar-archive.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SITE = `
  printf '<h1>Hi</h1>\\r\\n' > index.html; mkdir -p css img/empty 'naïve 名'
  head -c 5000 /dev/urandom > img/a.png; printf x > 'naïve 名/ß.txt'; echo main > css/main.css
  printf '#!/bin/sh\\n' > run; chmod 755 run; ln -s css/main.css latest.css; ln -s ../css img/css; ln css/main.css css/hard.css
  echo 'dist/' > .gitignore; mkdir dist; echo built > dist/built.js
  long=$(printf 'x%.0s' $(seq 150)); echo long > "css/$long"
  echo '* text eol=lf export-ignore export-subst ident' > .gitattributes; echo '$Format:%H$ $Id$' > subst`

/** A workspace of an archive in a new attempt folder. */
async function anArchive(folder: string, file: string, continues: KeptChange | null = null) {
  const attempt = join(folder, `attempt-${++attempts}`)
  await mkdir(attempt)
  const request = { folder: attempt, archive: { file }, settings: gitSettings(folder), continues }
  return await prepareArchive(request, patient())
}

let attempts = 0

async function aSite(script = SITE) {
  const folder = await tempFolder()
  const file = await packedBy(folder, script)
  return { folder, file, unpacked: `${file}.d`, workspace: await anArchive(folder, file) }
}

/** Differences between two folders, except for .git. */
const differences = (one: string, other: string): Promise<void> =>
  shell(one, `diff -r --no-dereference --exclude=.git . ${other}`)

describe('an archive as a workspace', () => {
  it('holds every file as it was, ignored ones too, with a clean status', async () => {
    const { workspace, unpacked } = await aSite()
    const { tree, notes, repository } = workspace
    await rm(join(unpacked, 'img/empty'), { recursive: true })
    await differences(tree, unpacked)
    expect(await readFile(join(tree, 'index.html'), 'utf8')).toBe('<h1>Hi</h1>\r\n')
    expect((await lstat(join(tree, 'run'))).mode & 0o111).toBe(0o111)
    expect((await lstat(join(tree, 'index.html'))).mode & 0o111).toBe(0)
    expect(await readlink(join(tree, 'img/css'))).toBe('../css')
    expect(await byHand(tree, 'status', '--porcelain')).toBe('')
    expect(repository).toBeNull()
    expect(notes).toEqual([
      { code: 'empty-folders', text: expect.stringMatching(/left out: "img\/empty"$/) },
    ])
    expect((await takeTree(workspace, patient())).changed).toBe(false)
  })

  it('is the same commit each time, compressed or not', async () => {
    const { folder, file, workspace } = await aSite()
    expect((await anArchive(folder, file)).base).toEqual(workspace.base)
    await shell(folder, `gunzip -k ${file}`)
    const plain = await anArchive(folder, file.replace('.gz', ''))
    expect(plain.base).toEqual(workspace.base)
  })

  it('takes a change to a file that .gitignore names, and no new file of that kind', async () => {
    const { workspace } = await aSite()
    await shell(workspace.tree, 'echo more >> dist/built.js; echo new > dist/new.js; echo n > new')
    const { tree, files } = await takeTree(workspace, patient())
    expect(files).toBe(2)
    const names = await byHand(
      workspace.gitDir,
      'ls-tree',
      '-r',
      '--name-only',
      tree,
      'dist',
      'new',
    )
    expect(names.split('\n')).toEqual(['dist/built.js', 'new'])
  })

  it('continues from a change, by its record or its artifacts, and gives the same tree', async () => {
    const { folder, file, workspace } = await aSite()
    await shell(
      workspace.tree,
      `printf 'two\\r\\n' >> index.html; rm css/main.css; head -c 900 /dev/urandom > img/a.png; chmod -x run
       ln -sf index.html latest.css; echo u > 'naïve 名/ü'; rm -r img/css; mkdir img/css; echo f > img/css/f`,
    )
    const change = await takeTree(workspace, patient())
    for (const continues of [keptByAttempt(change), keptByJob(...change.artifacts)]) {
      const next = await anArchive(folder, file, continues)
      await differences(next.tree, workspace.tree)
      expect((await takeTree(next, patient())).tree).toBe(change.tree)
    }
  })

  it('does not continue a change that was made on another archive', async () => {
    const { folder, workspace } = await aSite()
    await shell(workspace.tree, 'echo x > x')
    const change = await takeTree(workspace, patient())
    const other = await packedBy(folder, 'echo other > index.html', 'other.tar')
    await expect(anArchive(folder, other, keptByAttempt(change))).rejects.toMatchObject({
      reason: 'workspace-failed',
      detail: expect.stringContaining('a different archive'),
    })
  })

  it('is found by whoever salvages a dead worker’s folder', async () => {
    const { folder, workspace } = await aSite()
    await shell(workspace.tree, 'echo x > x')
    const change = await takeTree(workspace, patient())
    const found = await findWorkspace(workspace.folder, gitSettings(folder))
    const salvaged = found === null ? null : await takeTree(found, patient())
    expect(salvaged?.tree).toBe(change.tree)
    expect(salvaged?.artifacts.map(({ name }) => name)).toEqual(['change.patch'])
    await removeWorkspace(workspace.folder)
    await expect(readdir(workspace.folder)).rejects.toThrow(/ENOENT/)
  })

  it('is put back after checks like any other workspace', async () => {
    const { workspace } = await aSite()
    await shell(workspace.tree, 'echo x > x')
    const { tree } = await takeTree(workspace, patient())
    await shell(workspace.tree, 'rm -r css x; echo y >> dist/built.js; echo z > z; echo c > dist/c')
    await restoreTree(workspace, tree, patient())
    expect((await takeTree(workspace, patient())).tree).toBe(tree)
    expect(await readdir(join(workspace.tree, 'dist'))).toEqual(['built.js', 'c'])
  })

  it('lets the agent see no git folder of the platform', async () => {
    const { workspace } = await aSite()
    const alternates = await readFile(join(workspace.tree, '.git/objects/info/alternates'), 'utf8')
    expect(alternates.trim()).toBe(workspace.objects)
    expect(workspace.objects.startsWith(workspace.gitDir)).toBe(false)
    expect(await byHand(workspace.tree, 'log', '--format=%s')).toBe('The files of the archive')
  })
})

describe('a tree that is packed', () => {
  it('unpacks to the same files, and is a workspace of the same tree', async () => {
    const { folder, workspace } = await aSite()
    await shell(workspace.tree, 'echo more >> index.html; ln -s index.html new-link; rm run')
    const { tree } = await takeTree(workspace, patient())
    const file = join(folder, 'packed.tar.gz')
    await packArchive(workspace, { tree, file }, patient())
    await shell(folder, 'mkdir out; tar -xzf packed.tar.gz -C out')
    await differences(join(folder, 'out'), workspace.tree)
    const again = await anArchive(folder, file)
    expect(await byHand(again.gitDir, 'rev-parse', `${again.base.commit}^{tree}`)).toBe(tree)
  })

  it('is the same bytes each time, with one time and plain modes', async () => {
    const { folder, file, workspace } = await aSite()
    const { tree } = await takeTree(workspace, patient())
    const [one, other] = [join(folder, 'one.tar.gz'), join(folder, 'other.tar.gz')]
    await packArchive(workspace, { tree, file: one }, patient())
    await packArchive(await anArchive(folder, file), { tree, file: other }, patient())
    expect((await readFile(one)).equals(await readFile(other))).toBe(true)
    const lines = await listedByTar(one)
    expect(lines).toEqual(lines.filter((line) => line.includes(' 2000-01-01 00:00:00 ')))
    expect(lines.find((line) => line.endsWith(' index.html'))).toMatch(/^-rw-r--r-- root\/root/)
    expect(lines.find((line) => line.endsWith(' run'))).toMatch(/^-rwxr-xr-x root\/root/)
    expect(await readdir(workspace.gitDir)).not.toContainEqual(expect.stringMatching(/^pack-/))
  })

  it.each([
    ['a link out of it', 'ln -s ../../etc/passwd css/x', 'css/x'],
    ['an absolute link', 'ln -s /etc/passwd x', 'x'],
    ['names that differ in case alone', 'echo x > INDEX.html', 'INDEX.html'],
    ['a name with a tab', 'printf x > "$(printf "a\\tb")"', 'a\\tb'],
  ])('is refused with %s', async (_name, script, entry) => {
    const { folder, workspace } = await aSite()
    await shell(workspace.tree, script)
    const { tree } = await takeTree(workspace, patient())
    const file = join(folder, 'packed.tar.gz')
    await expect(packArchive(workspace, { tree, file }, patient())).rejects.toMatchObject({
      reason: 'archive-invalid',
      detail: expect.stringContaining(`"${entry}"`),
    })
    expect(await readdir(folder)).not.toContain('packed.tar.gz')
  })
})

describe('an archive that cannot be read', () => {
  it.each([
    ['no archive', Buffer.from('this is text\n'.repeat(100))],
    ['nothing at all', Buffer.alloc(0)],
    ['damaged', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])],
  ])('because it is %s is refused', async (_name, bytes) => {
    const folder = await tempFolder()
    const file = join(folder, 'site.tar.gz')
    await writeFile(file, bytes)
    await expect(anArchive(folder, file)).rejects.toMatchObject({ reason: 'archive-invalid' })
  })

  it('because its end is missing is refused', async () => {
    const folder = await tempFolder()
    for (const name of ['site.tar', 'site.tar.gz']) {
      const file = await packedBy(folder, 'head -c 50000 /dev/urandom > a', name)
      await writeFile(file, (await readFile(file)).subarray(0, 30_000))
      await expect(anArchive(folder, file)).rejects.toMatchObject({ reason: 'archive-invalid' })
    }
  })
})
