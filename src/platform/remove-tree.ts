import { nullWhenMissing } from './errno.ts'
import { chmod, lstat, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'

/**
 * Removes a folder even if an agent filled it with read-only folders, names that are not valid
 * UTF-8, or trees deeper than the maximum path length. Removes symbolic links without following
 * them.
 */
export async function removeTree(folder: string | Buffer): Promise<void> {
  const quick = await rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  )
  const root = typeof folder === 'string' ? Buffer.from(folder) : folder
  if (!quick) await removeStubborn(root, root)
}

/**
 * A folder with a path longer than this many bytes is moved to the root of the tree before its
 * contents are removed.
 */
const PATH_BYTES_MAX = 2000

/**
 * Removes a folder entry by entry. Ignores entries that are already gone: when `rm` fails, some of
 * its parallel operations are still running and remove entries.
 */
async function removeStubborn(root: Buffer, folder: Buffer): Promise<void> {
  if (process.platform !== 'win32') await chmod(folder, 0o700).catch(nullWhenMissing)
  const names = await readdir(folder, { encoding: 'buffer' }).catch(nullWhenMissing)
  for (const name of names ?? []) {
    const path = child(folder, name)
    const info = await lstat(path).catch(nullWhenMissing)
    if (info === null) continue
    if (!info.isDirectory()) await unlink(path).catch(nullWhenMissing)
    else if (path.length < PATH_BYTES_MAX) await removeStubborn(root, path)
    else await moveUp(root, path)
  }
  await rmdir(folder).catch(nullWhenMissing)
}

async function moveUp(root: Buffer, path: Buffer): Promise<void> {
  const near = child(root, Buffer.from(`deep-${process.hrtime.bigint()}`))
  await rename(path, near).catch(nullWhenMissing)
  await removeStubborn(root, near)
}

const child = (folder: Buffer, name: Buffer): Buffer =>
  Buffer.concat([folder, Buffer.from('/'), name])
