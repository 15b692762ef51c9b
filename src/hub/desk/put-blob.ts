import type { StoredArtifact } from '../../artifacts/port.ts'
import type { UserPrincipal } from '../../domain/principal.ts'
import type { HubState } from '../context.ts'
import { store, type Upload } from './store.ts'

/**
 * Stores bytes under their digest, so that a submission can name them as an input. Uploading the
 * same bytes again restarts the time for which they are kept. Throws `digest-mismatch`.
 */
export async function putBlob(
  hub: HubState,
  upload: Upload & { readonly expectedDigest: string },
  { tokenId }: UserPrincipal,
): Promise<StoredArtifact> {
  // Stores the bytes before the row, so that the ledger never lists a blob whose bytes are missing.
  const stored = await store(hub, upload)
  await hub.ledger.storeBlob({ ...stored, uploader: tokenId })
  return stored
}
