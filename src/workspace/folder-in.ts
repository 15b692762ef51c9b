import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Whether a folder of a tree is there, and not somewhere else behind a link in the tree. Links
 * that lead to the tree itself are the operator's.
 */
export async function isFolderIn(tree: string, path: string): Promise<boolean> {
  const folder = join(tree, path)
  const info = await lstat(folder).catch(() => null)
  if (info?.isDirectory() !== true) return false
  return (await realpath(folder)) === join(await realpath(tree), path)
}
