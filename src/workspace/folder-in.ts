import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Whether a path in a tree leads to a folder without crossing a symbolic link inside the tree.
 * Links in the path of the tree itself are allowed, because the operator made them.
 */
export async function isFolderIn(tree: string, path: string): Promise<boolean> {
  const folder = join(tree, path)
  const info = await lstat(folder).catch(() => null)
  if (info?.isDirectory() !== true) return false
  return (await realpath(folder)) === join(await realpath(tree), path)
}
