import { Readable } from 'node:stream'
import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import { isTerminal } from '../../domain/state.ts'
import { encodeComment, encodeEvent } from '../../protocol/event-stream.ts'
import type { HubState } from '../context.ts'
import type { Endpoint } from '../handler.ts'

const PAGE = 200

/** Events of a job: a page as JSON, or all that come as a stream. */
export const listEvents: Endpoint<'listEvents'> =
  (hub) =>
  async ({ params, query, headers, reply, gone }) => {
    if (headers.accept?.includes('text/event-stream') !== true) {
      const known = await hub.ledger.job(params.job)
      return { events: [...(await hub.ledger.events(known.id, query.after, query.limit))] }
    }
    const after = lastEventId(headers['last-event-id']) ?? query.after
    const { state } = await hub.ledger.job(params.job)
    const [next] = await hub.ledger.events(params.job, after, 1)
    if (isTerminal(state) && next === undefined) {
      // The one answer that tells an EventSource not to come back.
      void reply.code(204)
      return Readable.from([])
    }
    void reply.type('text/event-stream')
    return openStream(hub, { jobId: params.job, after }, gone())
  }

function lastEventId(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && /^\d{1,10}$/.test(header)) return Number(header)
  throw new AppError('request-invalid', 'Last-Event-ID: is not the number of an event.')
}

type From = { readonly jobId: JobId; readonly after: number }

function openStream(hub: HubState, from: From, gone: AbortSignal): Readable {
  if (hub.streams.open >= hub.limits.eventStreams) {
    throw new AppError('rate-limited', `More than ${hub.streams.open} event streams are open.`, {
      details: { retryAfterSeconds: 5 },
    })
  }
  hub.streams.open += 1
  const stream = Readable.from(follow(hub, from, gone), { objectMode: false })
  stream.once('close', () => {
    hub.streams.open -= 1
  })
  return stream
}

/** Every event after a place in order, each once, up to the job’s end; the reader sets the pace. */
async function* follow(
  { ledger, watches, clock, limits }: HubState,
  { jobId, after }: From,
  gone: AbortSignal,
): AsyncGenerator<string> {
  using watch = watches.open(jobId)
  let seen = after
  let beatAt = 0
  while (!gone.aborted) {
    // The state first: the events of a job that has ended by now are all there.
    const { state } = await ledger.job(jobId)
    const events = await ledger.events(jobId, seen, PAGE)
    for (const event of events) {
      yield encodeEvent(event)
      seen = event.seq
    }
    if (events.length === PAGE) continue
    if (isTerminal(state)) return
    const now = clock.monotonic()
    if (events.length === 0 && now >= beatAt) yield encodeComment('still here')
    if (events.length > 0 || now >= beatAt) beatAt = now + limits.heartbeatMs
    await watch.wait(beatAt - now, gone)
  }
}
