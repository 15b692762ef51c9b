// A file in a hub's store that no job refers to, and that is old enough to be collected.
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobFolder, openBlobFolder } from '../../src/artifacts/blob-folder.ts'

/** The first name there is, so that a collection looks at it before all others. */
const DIGEST = '0'.repeat(64)

const blobsOf = (store: string): Promise<BlobFolder> =>
  openBlobFolder(join(store, 'artifacts', 'blobs'))

export async function storeUnreferenced(store: string): Promise<void> {
  const place = await (await blobsOf(store)).placeOf(DIGEST)
  await writeFile(place, 'needed by nobody')
  await utimes(place, 0, 0)
}

/** That file, in words, while it is still in the store. */
export const leftInStore = async (store: string): Promise<readonly string[]> =>
  (await (await blobsOf(store)).has(DIGEST)) ? ['artifact that no job refers to'] : []
