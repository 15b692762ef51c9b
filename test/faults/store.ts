// A hub's store, seen from its disk: what must lie there, and what must not.
import { createHash } from 'node:crypto'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type BlobFolder, openBlobFolder } from '../../src/artifacts/blob-folder.ts'

/** The first name there is, so that a collection looks at it before all others. */
const UNREFERENCED = '0'.repeat(64)

const blobsOf = (store: string): Promise<BlobFolder> =>
  openBlobFolder(join(store, 'artifacts', 'blobs'))

/** Puts a file there that no job refers to, and that is old enough to be collected. */
export async function storeUnreferenced(store: string): Promise<void> {
  const place = await (await blobsOf(store)).placeOf(UNREFERENCED)
  await writeFile(place, 'needed by nobody')
  await utimes(place, 0, 0)
}

/** That file, and uploads that no job names, in words, while their bytes are still there. */
export async function leftInStore(
  store: string,
  unnamed: readonly string[],
): Promise<readonly string[]> {
  const blobs = await blobsOf(store)
  const left: string[] = []
  for (const digest of [UNREFERENCED, ...unnamed]) {
    if (await blobs.has(digest)) left.push(`bytes that no job refers to: ${digest}`)
  }
  return left
}

/** Of uploads that jobs name, in words, those whose bytes are not there as they were uploaded. */
export async function lostFromStore(
  store: string,
  named: ReadonlySet<string>,
): Promise<readonly string[]> {
  const blobs = await blobsOf(store)
  const lost: string[] = []
  for (const digest of named) {
    if ((await digestIn(blobs, digest)) !== digest) lost.push(`an input has lost ${digest}`)
  }
  return lost
}

async function digestIn(blobs: BlobFolder, digest: string): Promise<string | null> {
  const file = await blobs.open(digest)
  if (file === null) return null
  const hash = createHash('sha256')
  await pipeline(file.createReadStream(), hash)
  return hash.digest('hex')
}
