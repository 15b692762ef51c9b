import { Readable } from 'node:stream'
import { AppError } from '../../domain/errors.ts'
import type { JobEvent } from '../../domain/event.ts'
import { encodeComment, encodeEvent } from '../../protocol/event-stream.ts'
import type { Endpoint } from '../handler.ts'

/**
 * Returns one page of a job's events as JSON. If the caller requests an event stream, streams all
 * events, including later ones as they happen.
 */
export const listEvents: Endpoint<'listEvents'> =
  (desk) =>
  async ({ params, query, headers, gone }) => {
    const jobId = params.job
    if (headers.accept?.includes('text/event-stream') !== true) {
      const { events } = await desk.readEvents({ jobId, after: query.after }, query.limit)
      return { body: { events: [...events] } }
    }
    const place = { jobId, after: lastEventId(headers['last-event-id']) ?? query.after }
    const { events, ended } = await desk.readEvents(place, 1)
    // A browser's EventSource reconnects whenever a stream ends; only status 204 stops it.
    if (ended && events.length === 0) return { status: 204, body: Readable.from([]) }
    const pages = desk.followEvents(place, gone())
    const body = Readable.from(encoded(pages), { objectMode: false })
    return { body, headers: { 'content-type': 'text/event-stream' } }
  }

async function* encoded(pages: AsyncIterable<readonly JobEvent[]>): AsyncGenerator<string> {
  for await (const events of pages) {
    yield* events.length === 0 ? [encodeComment('still here')] : events.map(encodeEvent)
  }
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && /^\d{1,10}$/.test(header)) return Number(header)
  throw new AppError('request-invalid', 'The header Last-Event-ID must be an event number.')
}
