import type { StoredArtifact } from '../../artifacts/port.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import type { HubState } from '../context.ts'
import { store, type Upload } from './store.ts'

/**
 * Stores bytes under their digest, so that a submission can name them as an input. A repeated upload
 * is kept as long as a new one. Throws `digest-mismatch`.
 */
export async function putBlob(
  hub: HubState,
  upload: Upload & { readonly expectedDigest: string },
  { tokenId }: UserPrincipal,
): Promise<StoredArtifact> {
  // Bytes first: the store must have the bytes of every blob that the ledger lists.
  const stored = await store(hub, upload)
  await hub.ledger.storeBlob({ ...stored, uploader: tokenId })
  return stored
}
