import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { removeTree } from '../platform/remove-tree.ts'
import { unpin } from './cache.ts'
import { gitDirOf, savedFile } from './workspace.ts'

/** Removes an attempt's folder and its pin in the cache. Does nothing when they are gone. */
export async function removeWorkspace(folder: string): Promise<void> {
  // Half removed it must not be taken for one that can be salvaged.
  await rm(savedFile(folder), { force: true })
  const gitDir = gitDirOf(folder)
  await unpinFrom(gitDir, basename(folder))
  const modules = join(gitDir, 'modules')
  for (const number of await readdir(modules).catch(() => [])) {
    await unpinFrom(join(modules, number), `${basename(folder)}.${number}`)
  }
  await removeTree(folder)
}

/** Finds the cache through the objects that the git folder reads. */
async function unpinFrom(gitDir: string, name: string): Promise<void> {
  const alternates = join(gitDir, 'objects', 'info', 'alternates')
  const objects = await readFile(alternates, 'utf8').catch(() => null)
  if (objects !== null) await unpin(dirname(objects.trim()), name)
}
