import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/**
 * Returns the SHA-256 of a file in lowercase hex. Reads the file as a stream. If `signal` aborts,
 * throws its reason.
 */
export async function fileDigest(file: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted()
  const hash = createHash('sha256')
  const pieces: AsyncIterable<Buffer> = createReadStream(file)
  for await (const bytes of pieces) {
    signal?.throwIfAborted()
    hash.update(bytes)
  }
  return hash.digest('hex')
}
