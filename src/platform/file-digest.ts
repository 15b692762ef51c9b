import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Lower-case hex SHA-256 of a file, read piece by piece. Throws the signal's reason. */
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
