import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nullWhenMissing } from './errno.ts'

/** The unit of `stat.blocks`, on every file system. */
const BLOCK_BYTES = 512

/** Returns how many bytes of disk space become free if this file or folder is removed. */
export async function diskSpaceOf(path: string): Promise<number> {
  const found = await lstat(path).catch(nullWhenMissing)
  if (found === null) return 0
  // A file with several hard links counts as 0, because removing one of the links frees no space.
  const own = found.isDirectory() || found.nlink === 1 ? found.blocks * BLOCK_BYTES : 0
  if (!found.isDirectory()) return own
  let inside = 0
  for (const name of (await readdir(path).catch(nullWhenMissing)) ?? []) {
    inside += await diskSpaceOf(join(path, name))
  }
  return own + inside
}
