import { Readable } from 'node:stream'
import { AppError } from '../domain/errors.ts'

/**
 * Passes a body through and throws `body-too-large` beyond `maxBytes`: a chunked body does not
 * announce its length. The request stays open, so that it can be answered.
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
  new AppError('body-too-large', `This route takes at most ${maxBytes} bytes.`)
