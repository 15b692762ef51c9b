import { AppError } from '../../domain/errors.ts'
import { ARTIFACT_BYTES_MAX } from '../../protocol/schemas.ts'
import { demandRoom } from '../disk-floor.ts'
import type { Endpoint } from '../handler.ts'

/** Stores bytes that a submission will name as an input. */
export const putBlob: Endpoint<'putBlob'> =
  (hub) =>
  async ({ params, body, principal }) => {
    await demandRoom(hub.disk)
    const stored = await hub.artifacts.put(body, {
      expectedDigest: params.digest,
      maxBytes: ARTIFACT_BYTES_MAX,
    })
    if (principal.kind !== 'user')
      throw new AppError('scope-missing', 'Only a submitter may upload.')
    await hub.ledger.storeBlob({ ...stored, uploader: principal.tokenId })
    return stored
  }
