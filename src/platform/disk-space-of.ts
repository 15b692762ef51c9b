import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nullWhenMissing } from './errno.ts'

/** What a disk calls a block, whatever its file system works with. */
const BLOCK_BYTES = 512

/** Bytes of disk that removing a file or a folder with all it holds would free. */
export async function diskSpaceOf(path: string): Promise<number> {
  const found = await lstat(path).catch(nullWhenMissing)
  if (found === null) return 0
  // Another name for the same bytes would keep them.
  const own = found.isDirectory() || found.nlink === 1 ? found.blocks * BLOCK_BYTES : 0
  if (!found.isDirectory()) return own
  let inside = 0
  for (const name of (await readdir(path).catch(nullWhenMissing)) ?? []) {
    inside += await diskSpaceOf(join(path, name))
  }
  return own + inside
}
