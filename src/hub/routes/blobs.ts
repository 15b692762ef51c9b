import { ARTIFACT_BYTES_MAX } from '../../protocol/schemas.ts'
import type { Endpoint } from '../handler.ts'

export const putBlob: Endpoint<'putBlob'> =
  (desk) =>
  async ({ params: { digest }, body: bytes, principal }) => {
    const upload = { bytes, expectedDigest: digest, maxBytes: ARTIFACT_BYTES_MAX }
    return { body: await desk.putBlob(upload, principal) }
  }
