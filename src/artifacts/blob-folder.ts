import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../platform/durable-file.ts'
import { deleteUnneeded, type Deletion, type Deleted, sum } from './delete-unneeded.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { diskSpaceOf } from '../platform/disk-space-of.ts'

/** Files named by their SHA-256, in subfolders named by its first two digits. */
export type BlobFolder = {
  /** The path where a file belongs. Creates its folder. */
  placeOf(digest: string): Promise<string>
  /** null when the file is missing. */
  open(digest: string): Promise<FileHandle | null>
  has(digest: string): Promise<boolean>
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

/**
 * A file to delete is first moved aside and then checked again: if the same bytes were stored or
 * referenced in the meantime, the file is moved back. Readers look in both places.
 */
export async function openBlobFolder(folder: string): Promise<BlobFolder> {
  const blobs = join(folder, 'sha256')
  const aside = join(folder, 'aside')
  await makeDurable(blobs)
  await mkdir(aside, { recursive: true, mode: 0o700 })
  const pathOf = (digest: string): string => join(blobs, digest.slice(0, 2), digest)
  const asideOf = (digest: string): string => join(aside, digest)

  const openEither = async (digest: string): Promise<FileHandle | null> =>
    (await open(pathOf(digest)).catch(nullWhenMissing)) ??
    (await open(asideOf(digest)).catch(nullWhenMissing)) ??
    // It may have been moved back between the two attempts to open it.
    (await open(pathOf(digest)).catch(nullWhenMissing))

  /** Deletes a file that was moved aside; moves it back and returns null when it is needed. */
  async function decide(digest: string, deletion: Deletion): Promise<number | null> {
    const file = await stat(asideOf(digest)).catch(nullWhenMissing)
    if (file === null) return null
    const isFresh = file.mtimeMs >= deletion.before
    if (isFresh || (await deletion.needed([digest])).has(digest)) {
      await rename(asideOf(digest), pathOf(digest)).catch(nullWhenMissing)
      return null
    }
    const bytes = await diskSpaceOf(asideOf(digest))
    await rm(asideOf(digest), { force: true })
    return bytes
  }

  async function remove(digest: string, deletion: Deletion): Promise<number | null> {
    const moved = await rename(pathOf(digest), asideOf(digest)).then(() => true, nullWhenMissing)
    return moved === null ? null : decide(digest, deletion)
  }

  return {
    placeOf: async (digest) => {
      await mkdir(dirname(pathOf(digest)), { recursive: true, mode: 0o700 })
      await syncFolder(blobs)
      return pathOf(digest)
    },
    open: async (digest) => (isDigest(digest) ? openEither(digest) : null),
    has: async (digest) => {
      if (!isDigest(digest)) return false
      await using file = await openEither(digest)
      return file !== null
    },
    deleteUnneeded: async (deletion) => {
      const source = { isName: isDigest, spaceOf: diskSpaceOf }
      const left = { ...source, folder: aside, remove: (name: string) => decide(name, deletion) }
      // Files that a killed collection left aside are checked again, whatever their age.
      const needed = deletion.dryRun ? deletion.needed : async () => new Set<string>()
      const parts = [await deleteUnneeded(left, { ...deletion, needed, before: Infinity })]
      for (const part of await readdir(blobs)) {
        const remaining = { ...source, remove: (name: string) => remove(name, deletion) }
        parts.push(await deleteUnneeded({ ...remaining, folder: join(blobs, part) }, deletion))
      }
      return sum(parts)
    },
  }
}

/** Only a digest finds a file, so no name can escape the folder. */
const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** Creates the folder of all blobs so that it and the store's own folder survive a power failure. */
async function makeDurable(blobs: string): Promise<void> {
  await mkdir(blobs, { recursive: true, mode: 0o700 })
  for (const up of ['..', '../..', '../../..']) await syncFolder(join(blobs, up))
}
