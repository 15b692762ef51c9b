import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { KeptChange } from '../../src/workspace/earlier-change.ts'
import { restoreTree } from '../../src/workspace/restore-tree.ts'
import { takeTree } from '../../src/workspace/take-tree.ts'
import { lfsId, pointerTo } from '../support/lfs-store.ts'
import { startGitServer } from '../support/git-server.ts'
import { describeNeeding } from '../support/needs.ts'
import {
  aWorkspace,
  byHand,
  keptByAttempt,
  keptByJob,
  makeRemote,
  patient,
  shell,
} from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CRLF = 'one\r\ntwo\r\n'

/** Files that git would store differently from how they were committed, by what does it. */
const COMMITTED: readonly (readonly [what: string, attributes: string, text: string])[] = [
  ['text', '*.x text', CRLF],
  ['text=auto', '* text=auto', CRLF],
  ['eol=lf', '*.x eol=lf', CRLF],
  ['eol=crlf', '*.x eol=crlf', CRLF],
  ['mixed line ends', '*.x text eol=crlf', 'one\r\ntwo\nthree\r\n'],
  ['ident', '*.x ident', '$Id: by hand $\n'],
  ['ident with no keyword yet', '*.x ident', '$Id$\n'],
  ['working-tree-encoding', '*.x working-tree-encoding=UTF-16LE-BOM', 'grün\n'],
  ['an encoding that does not exist', '*.x working-tree-encoding=nonsense', 'x\n'],
  ['an encoding that cannot hold the text', '*.x working-tree-encoding=ISO-8859-1', 'Ω\n'],
  ['an encoding and line ends', '*.x text working-tree-encoding=UTF-16 eol=crlf', CRLF],
  ['an LFS file that was committed raw', '*.x filter=lfs -text', 'raw\n'],
  ['an LFS file whose pointer was checked out', '*.x filter=lfs -text', pointerTo('far')],
]

/** Makes git compare contents, as if the files were written in the same moment as the index. */
const TOUCH_ALL = 'find . -path ./.git -prune -o -type f -exec touch -d 2001-01-01 {} +'

async function workspaceWith(attributes: string, text: string) {
  const folder = await tempFolder()
  const files = { '.gitattributes': `${attributes}\n`, 'a.x': text, 'b.x': text, 'c.txt': 'c\n' }
  const { remote } = await makeRemote(folder, files)
  const again = (continues: KeptChange) => aWorkspace(folder, { repository: remote, continues })
  return { again, workspace: await aWorkspace(folder, { repository: remote }) }
}

const NOTHING = { changed: false, files: 0 }

describe.each(COMMITTED)('files under %s', (_what, attributes, text) => {
  it('are no change when nobody touched them', async () => {
    const { workspace } = await workspaceWith(attributes, text)
    expect(await takeTree(workspace, patient())).toMatchObject(NOTHING)
    await shell(workspace.tree, TOUCH_ALL)
    expect(await takeTree(workspace, patient())).toMatchObject(NOTHING)
  })

  it('are no change when they were changed and changed back', async () => {
    const { workspace } = await workspaceWith(attributes, text)
    await shell(workspace.tree, 'cp a.x ../kept; echo more >> a.x; rm b.x')
    await shell(workspace.tree, 'cat ../kept > a.x; cp ../kept b.x')
    expect(await takeTree(workspace, patient())).toMatchObject(NOTHING)
  })

  it('are no change when the agent changes what the attributes say', async () => {
    const { workspace } = await workspaceWith(attributes, text)
    await shell(workspace.tree, `echo '* text eol=lf ident' > .gitattributes; ${TOUCH_ALL}`)
    const changed = await takeTree(workspace, patient())
    expect(await namesOf(changed.patchFile)).toEqual(['.gitattributes'])
    await shell(workspace.tree, 'rm .gitattributes')
    const removed = await takeTree(workspace, patient())
    expect(await namesOf(removed.patchFile)).toEqual(['.gitattributes'])
  })

  it('are not in a change to another file, which can be put back and continued', async () => {
    const { workspace, again } = await workspaceWith(attributes, text)
    await shell(workspace.tree, `echo more >> c.txt; ${TOUCH_ALL}`)
    const change = await takeTree(workspace, patient())
    expect(await namesOf(change.patchFile)).toEqual(['c.txt'])
    await shell(workspace.tree, 'echo junk >> a.x; echo junk > new')
    await restoreTree(workspace, change.tree, patient())
    expect((await takeTree(workspace, patient())).tree).toBe(change.tree)
    for (const kept of [keptByAttempt(change), keptByJob(...change.artifacts)]) {
      const next = await again(kept)
      await shell(next.tree, TOUCH_ALL)
      expect((await takeTree(next, patient())).tree).toBe(change.tree)
    }
  })
})

/** The paths in a patch. */
async function namesOf(patchFile: string): Promise<string[]> {
  const patch = await readFile(patchFile, 'utf8')
  return Array.from(patch.matchAll(/^diff --git a\/(.*) b\//gm), ([, name = '']) => name)
}

describe('a file that git would store differently', () => {
  it('is in the change alone when the agent changes it, and can be continued from', async () => {
    const { workspace, again } = await workspaceWith('*.x text', CRLF)
    await shell(workspace.tree, String.raw`printf 'three\r\n' >> a.x; ${TOUCH_ALL}`)
    const change = await takeTree(workspace, patient())
    expect(await namesOf(change.patchFile)).toEqual(['a.x'])
    expect(await byHand(workspace.gitDir, 'cat-file', 'blob', `${change.tree}:a.x`)).toBe(
      'one\ntwo\nthree',
    )
    const next = await again(keptByAttempt(change))
    await shell(next.tree, TOUCH_ALL)
    expect((await takeTree(next, patient())).tree).toBe(change.tree)
  })

  it('is seen although its size and time are as before', async () => {
    const { workspace } = await workspaceWith('*.x text', CRLF)
    await shell(
      workspace.tree,
      'touch -r a.x ../time; printf "ONE\\r\\ntwo\\r\\n" > a.x; touch -r ../time a.x',
    )
    const change = await takeTree(workspace, patient())
    expect(await namesOf(change.patchFile)).toEqual(['a.x'])
  })

  it('is seen when only its mode changes', async () => {
    const { workspace } = await workspaceWith('*.x text', CRLF)
    await shell(workspace.tree, 'chmod +x b.x')
    const change = await takeTree(workspace, patient())
    expect(await readFile(change.patchFile, 'utf8')).toContain('new mode 100755')
  })

  it('leaves nothing behind', async () => {
    const { workspace } = await workspaceWith('*.x text', CRLF)
    await shell(workspace.tree, TOUCH_ALL)
    await takeTree(workspace, patient())
    const left = await readdir(workspace.gitDir)
    expect(left.filter((name) => name.startsWith('written-'))).toEqual([])
  })
})

describe('a file that does not suit its attributes', () => {
  it('is left out with a note, and the rest is kept', async () => {
    const { workspace } = await workspaceWith('*.dat working-tree-encoding=UTF-16LE-BOM', 'x\n')
    await shell(
      workspace.tree,
      'for n in $(seq 40); do echo $n > $n.txt; done; printf odd > 7.dat; printf odd > 8.dat',
    )
    const change = await takeTree(workspace, patient())
    expect(change.files).toBe(40)
    expect(change.notes.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^"7\.dat" was left out, because git cannot store it: fatal: .*BOM/),
      expect.stringContaining('"8.dat" was left out'),
    ])
  })

  it('stays as it was committed if the agent spoils it', async () => {
    const { workspace } = await workspaceWith('*.x working-tree-encoding=UTF-16LE-BOM', 'x\n')
    await shell(workspace.tree, 'printf odd > a.x; echo more >> c.txt')
    const change = await takeTree(workspace, patient())
    expect(await namesOf(change.patchFile)).toEqual(['c.txt'])
    expect(change.notes.map(({ text }) => text)).toEqual([expect.stringContaining('"a.x"')])
  })
})

describe('modes and links', () => {
  it('are no change when nobody touched them', async () => {
    const folder = await tempFolder()
    const { remote, clone } = await makeRemote(folder, { 'a.txt': 'a\n' })
    await writeFile(join(clone, 'run.sh'), 'true\n', { mode: 0o755 })
    await shell(
      clone,
      `ln -s nowhere dangling; ln -s a.txt link; ln -s /etc outside
       git add .; git commit -qm x; git push -q origin main`,
    )
    const workspace = await aWorkspace(folder, { repository: remote })
    await shell(workspace.tree, `touch -h dangling link outside; chmod o-r run.sh; ${TOUCH_ALL}`)
    expect(await takeTree(workspace, patient())).toMatchObject(NOTHING)
    await shell(workspace.tree, 'ln -sf run.sh link')
    const change = await takeTree(workspace, patient())
    expect(await namesOf(change.patchFile)).toEqual(['link'])
  })
})

describeNeeding(['git-lfs'], 'files in Git LFS that are checked out', () => {
  it('are no change when nobody touched them, even one that was committed raw', async () => {
    const folder = await tempFolder()
    const { remote } = await makeRemote(folder, {
      '.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n',
      'a.png': pointerTo('fetched'),
      'raw.png': 'raw\n',
    })
    const server = await startGitServer(folder)
    server.lfs.set(lfsId('fetched'), Buffer.from('fetched'))
    const repository = `${server.url}/${remote.slice(folder.length + 1)}`
    const workspace = await aWorkspace(folder, { repository, checkout: { lfs: true } })
    await shell(workspace.tree, TOUCH_ALL)
    expect(await takeTree(workspace, patient())).toMatchObject(NOTHING)
    await shell(workspace.tree, 'printf changed > a.png')
    const change = await takeTree(workspace, patient())
    expect(await namesOf(change.patchFile)).toEqual(['a.png'])
  })
})
