import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../platform/durable-file.ts'
import { deleteUnneeded, type Deletion, type Deleted, sum } from './delete-unneeded.ts'
import { nullWhenMissing } from '../platform/errno.ts'
import { diskSpaceOf } from '../platform/disk-space-of.ts'

/** Files by their SHA-256, in folders of its first two digits. */
export type BlobFolder = {
  /** Where a file belongs; its folder exists. */
  placeOf(digest: string): Promise<string>
  /** null when there is none. */
  open(digest: string): Promise<FileHandle | null>
  has(digest: string): Promise<boolean>
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

/**
 * A file that is to be removed is first moved aside, and looked at again there: whoever stored the
 * same bytes or began to refer to them meanwhile gets it back. Readers find it in both places.
 */
export async function openBlobFolder(folder: string): Promise<BlobFolder> {
  const blobs = join(folder, 'sha256')
  const aside = join(folder, 'aside')
  await makeLasting(blobs)
  await mkdir(aside, { recursive: true, mode: 0o700 })
  const pathOf = (digest: string): string => join(blobs, digest.slice(0, 2), digest)
  const asideOf = (digest: string): string => join(aside, digest)

  const openEither = async (digest: string): Promise<FileHandle | null> =>
    (await open(pathOf(digest)).catch(nullWhenMissing)) ??
    (await open(asideOf(digest)).catch(nullWhenMissing)) ??
    // It may have gone back between the two looks.
    (await open(pathOf(digest)).catch(nullWhenMissing))

  /** Ends what was begun: null when the file went back because it is needed. */
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
      const shelf = { isName: isDigest, spaceOf: diskSpaceOf }
      const left = { ...shelf, folder: aside, remove: (name: string) => decide(name, deletion) }
      // What a killed collection had moved aside is decided on again, whatever its age.
      const needed = deletion.dryRun ? deletion.needed : async () => new Set<string>()
      const parts = [await deleteUnneeded(left, { ...deletion, needed, before: Infinity })]
      for (const part of await readdir(blobs)) {
        const remaining = { ...shelf, remove: (name: string) => remove(name, deletion) }
        parts.push(await deleteUnneeded({ ...remaining, folder: join(blobs, part) }, deletion))
      }
      return sum(parts)
    },
  }
}

/** Only this finds a file, so no name can lead out of the folder. */
const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** Makes the folder of all blobs so that it and the store's own folder survive a power cut. */
async function makeLasting(blobs: string): Promise<void> {
  await mkdir(blobs, { recursive: true, mode: 0o700 })
  for (const up of ['..', '../..', '../../..']) await syncFolder(join(blobs, up))
}
