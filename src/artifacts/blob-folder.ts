import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../platform/durable-file.ts'
import { deleteUnneeded, type Deletion, type Deleted, sum } from './delete-unneeded.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { diskSpaceOf } from '../platform/disk-space-of.ts'

/**
 * A folder of blobs. A blob is a file named by its SHA-256. Blobs are in subfolders named after the
 * first two digits of their SHA-256.
 */
export type BlobFolder = {
  /** Returns the path for a blob and creates the folder that will hold it. */
  placeOf(digest: string): Promise<string>
  /** Opens a blob for reading; returns null if it is missing. */
  open(digest: string): Promise<FileHandle | null>
  has(digest: string): Promise<boolean>
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

/**
 * Opens the folder of blobs. Creates the folder if it is missing. A deletion first moves a blob to
 * the subfolder `aside`, and then checks again whether the blob is needed. If the same bytes were
 * stored or referenced in the meantime, the deletion moves the blob back. Reads look in both
 * places, so a blob stays readable during its deletion.
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
    // If the blob is moved back from `aside` between the two checks above, both miss it.
    (await open(pathOf(digest)).catch(nullWhenMissing))

  /**
   * Deletes a blob that was moved aside and returns the disk space freed, in bytes. If the blob is
   * needed after all, moves it back and returns null.
   */
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
      // A killed garbage collection may have left blobs in `aside`. All of them are checked,
      // whatever their age. In a real run, `decide` checks whether a blob is needed. A dry run does
      // not call `decide`, so `needed` does the check.
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

/**
 * Whether a string is a SHA-256 in hex. Only such strings become paths, so no path is outside the
 * folder.
 */
const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** Creates the folder of all blobs and fsyncs its parents, so that it survives a power failure. */
async function makeDurable(blobs: string): Promise<void> {
  await mkdir(blobs, { recursive: true, mode: 0o700 })
  for (const up of ['..', '../..', '../../..']) await syncFolder(join(blobs, up))
}
