import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { AppError } from '../../domain/errors.ts'
import { artifactHeaders, isKnownToCaller, type StoredFile, rangeFor } from '../artifact-headers.ts'
import { parseByteRange } from '../byte-range.ts'
import type { Desk } from '../desk/desk.ts'
import type { RouteReply } from '../handler.ts'

/** Responds with stored bytes or the requested range, or with 304 if the caller already has them. */
export async function sendBytes(
  desk: Desk,
  file: StoredFile,
  asked: IncomingHttpHeaders,
): Promise<RouteReply<Readable>> {
  const headers = artifactHeaders(file)
  if (isKnownToCaller(asked, file.digest)) return { status: 304, headers, body: Readable.from([]) }
  const { digest, size } = file
  const range = parseByteRange(rangeFor(asked, digest), size)
  if (range === 'outside') {
    throw new AppError('range-invalid', `The artifact is ${size} bytes long.`, {
      details: { size },
    })
  }
  if (range === 'whole') {
    const body = await desk.openBytes(digest)
    return { headers: { ...headers, 'content-length': size }, body }
  }
  const { start, end } = range
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': end - start + 1,
      'content-range': `bytes ${start}-${end}/${size}`,
    },
    body: await desk.openBytes(digest, range),
  }
}
