import { Readable } from 'node:stream'
import { AppError } from '../domain/errors.ts'

/**
 * The same bytes, which end with `body-too-large` when there are more than this many: a body sent in
 * chunks does not say how long it is. The request stays open then, so that it can be answered.
 */
export const cutBody = (body: Readable, maxBytes: number): Readable =>
  Readable.from(atMost(body, maxBytes))

async function* atMost(body: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a request body is made of bytes')
    size += chunk.length
    if (size > maxBytes) throw bodyTooLarge(maxBytes)
    yield chunk
  }
}

export const bodyTooLarge = (maxBytes: number): AppError =>
  new AppError('body-too-large', `This route takes at most ${maxBytes} bytes.`)
