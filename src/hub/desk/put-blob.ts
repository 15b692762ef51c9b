import type { StoredArtifact } from '../../artifacts/port.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import type { HubState } from '../context.ts'
import { store, type Upload } from './store.ts'

/**
 * Keeps bytes under the digest that they must have, so that a submission may name them as an input.
 * Sent again, they are kept as long as new ones. Throws `digest-mismatch`.
 */
export async function putBlob(
  hub: HubState,
  upload: Upload & { readonly expectedDigest: string },
  { tokenId }: UserPrincipal,
): Promise<StoredArtifact> {
  // The bytes first: while the ledger names a blob, its bytes are in the store.
  const stored = await store(hub, upload)
  await hub.ledger.storeBlob({ ...stored, uploader: tokenId })
  return stored
}
