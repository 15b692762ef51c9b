import type { JobEvent } from '../domain/event.ts'
import { AnyEvent } from './any-event.ts'

/**
 * Encodes an event for a WHATWG event stream. A reader that reconnects sends the last `id` that it
 * received; the new stream then starts after the event with that `id`.
 */
export const encodeEvent = (event: JobEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** Encodes a comment, which readers skip. Sending comments keeps an idle connection alive. */
export const encodeComment = (text: string): string => `: ${text}\n\n`

/** Yields the events of a stream, in order. Throws if the connection breaks before the stream ends. */
export async function* decodeEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<JobEvent> {
  let rest = ''
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').filter((line) => line.startsWith('data:'))
      if (data.length > 0) {
        yield AnyEvent.parse(JSON.parse(data.map((line) => line.slice(5)).join('\n')))
      }
    }
  }
}
