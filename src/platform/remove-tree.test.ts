import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shell } from '../../test/support/repository.ts'
import { runUnprivileged } from '../../test/support/unprivileged.ts'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { removeTree } from './remove-tree.ts'

/** Runs a script in a folder, removes the folder, and returns what is left next to it. */
async function removedAfter(script: string): Promise<string[]> {
  const folder = await tempFolder()
  const tree = join(folder, 'tree')
  await mkdir(tree)
  await mkdir(join(folder, 'outside'))
  await writeFile(join(folder, 'outside', 'keep'), 'kept')
  await shell(tree, script)
  await removeTree(tree)
  expect(await readFile(join(folder, 'outside', 'keep'), 'utf8')).toBe('kept')
  return (await readdir(folder)).filter((name) => name !== 'outside')
}

describe('removeTree', () => {
  it.each([
    ['plain files', 'mkdir a; echo x > a/b'],
    ['read-only folders', 'mkdir -p a/b; echo x > a/b/c; chmod 500 a/b a'],
    ['links that lead outside', 'ln -s ../outside out; mkdir d; ln -s ../../outside d/out'],
    [
      'names that are not valid text',
      `mkdir "$(printf 'd\\377')"; echo x > "$(printf 'd\\377/f\\376')"`,
    ],
    ['pipes', 'mkfifo pipe'],
    [
      'a tree deeper than the longest path',
      `name=$(printf '%0200d' 0); i=0; while [ $i -lt 40 ]; do mkdir $name; cd -P $name; i=$((i+1)); done; echo x > x`,
    ],
  ])('removes %s', async (_name, script) => {
    expect(await removedAfter(script)).toEqual([])
  })

  it('removes read-only folders for a user who is not root, while files vanish beside it', async () => {
    const folder = await tempFolder()
    const program = join(import.meta.dirname, '../../test/support/remove-tree-program.ts')
    const script = `for n in $(seq 60); do mkdir -p cache/$n/sub; for f in $(seq 20); do echo x > cache/$n/sub/$f; done; done
      chmod -R a-w cache`
    const left = await runUnprivileged(folder, program, join(folder, 'tree'), script)
    expect(JSON.parse(left)).toEqual([])
  })

  it('does nothing for a missing folder', async () => {
    const folder = await tempFolder()
    await removeTree(join(folder, 'absent'))
    expect(await readdir(folder)).toEqual([])
  })
})
