import type { Endpoint } from '../handler.ts'

export const putBlob: Endpoint<'putBlob'> =
  (desk) =>
  async ({ params: { digest }, body: bytes, principal }) => {
    return { body: await desk.putBlob({ bytes, expectedDigest: digest }, principal) }
  }
