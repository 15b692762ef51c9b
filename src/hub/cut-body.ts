import { Readable } from 'node:stream'
import { AppError } from '../domain/errors.ts'

/**
 * Passes a body through and throws `body-too-large` once it exceeds `maxBytes`. Checking the header
 * Content-Length is not enough, because a chunked body comes without it. The request stays open, so
 * that the hub can send an error response.
 */
export const cutBody = (body: Readable, maxBytes: number): Readable =>
  Readable.from(atMost(body, maxBytes))

async function* atMost(body: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a request body must be bytes')
    size += chunk.length
    if (size > maxBytes) throw bodyTooLarge(maxBytes)
    yield chunk
  }
}

export const bodyTooLarge = (maxBytes: number): AppError =>
  new AppError('body-too-large', `The body of this request may have at most ${maxBytes} bytes.`)
