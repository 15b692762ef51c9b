import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { removeTree } from '../platform/remove-tree.ts'
import { unpin } from './cache.ts'
import { gitDirOf, savedFile } from './workspace.ts'

/** Removes an attempt's folder and its pins in the caches. Does nothing if they are missing. */
export async function removeWorkspace(folder: string): Promise<void> {
  // Remove this file first, so that `findWorkspace` never returns a partially removed workspace.
  await rm(savedFile(folder), { force: true })
  const gitDir = gitDirOf(folder)
  await unpinFrom(gitDir, basename(folder))
  const modules = join(gitDir, 'modules')
  for (const number of await readdir(modules).catch(() => [])) {
    await unpinFrom(join(modules, number), `${basename(folder)}.${number}`)
  }
  await removeTree(folder)
}

/** Removes a pin from the cache that the git directory's alternates point to. */
async function unpinFrom(gitDir: string, name: string): Promise<void> {
  const alternates = join(gitDir, 'objects', 'info', 'alternates')
  const objects = await readFile(alternates, 'utf8').catch(() => null)
  if (objects !== null) await unpin(dirname(objects.trim()), name)
}
