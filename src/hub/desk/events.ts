import { AppError } from '../../domain/errors.ts'
import type { JobEvent } from '../../domain/event.ts'
import type { JobId } from '../../domain/id.ts'
import { isTerminal } from '../../domain/state.ts'
import type { HubState } from '../context.ts'

const PAGE = 200

/**
 * A place in a job's events. `after` is the number of the last event that the caller has read, or 0
 * if it has read none.
 */
export type EventPlace = { readonly jobId: JobId; readonly after: number }

/**
 * Returns at most `limit` events after a place, in order. If `ended` is true, the job has ended and
 * no events follow the returned ones. Throws `job-not-found`.
 */
export async function readEvents(
  { ledger }: HubState,
  { jobId, after }: EventPlace,
  limit: number,
): Promise<{ readonly events: readonly JobEvent[]; readonly ended: boolean }> {
  // Reads the state before the events: if it is terminal, all events of the job are already written.
  const { state } = await ledger.job(jobId)
  const events = await ledger.events(jobId, after, limit)
  return { events, ended: isTerminal(state) && events.length < limit }
}

/**
 * Yields lists of the events after a place, in order and each event once. Waits for new events
 * until the job ends. Yields an empty list whenever `limits.heartbeatMs` pass without an event. The
 * stream counts toward `limits.eventStreams` until `gone` aborts. Throws `rate-limited` if too many
 * streams are open.
 */
export function followEvents(
  hub: HubState,
  place: EventPlace,
  gone: AbortSignal,
): AsyncGenerator<readonly JobEvent[]> {
  const { streams, limits } = hub
  if (streams.open >= limits.eventStreams) {
    throw new AppError('rate-limited', `This hub already has ${streams.open} open event streams.`, {
      details: { retryAfterSeconds: 5 },
    })
  }
  if (!gone.aborted) {
    streams.open += 1
    gone.addEventListener('abort', () => void (streams.open -= 1), { once: true })
  }
  return follow(hub, place, gone)
}

async function* follow(
  hub: HubState,
  { jobId, after }: EventPlace,
  gone: AbortSignal,
): AsyncGenerator<readonly JobEvent[]> {
  const { watches, clock, limits } = hub
  using watch = watches.open(jobId)
  let seen = after
  let beatAt = 0
  while (!gone.aborted) {
    const { events, ended } = await readEvents(hub, { jobId, after: seen }, PAGE)
    if (events.length > 0 || (!ended && clock.monotonic() >= beatAt)) {
      yield events
      beatAt = clock.monotonic() + limits.heartbeatMs
    }
    if (ended) return
    seen = events.at(-1)?.seq ?? seen
    if (events.length < PAGE) await watch.wait(beatAt - clock.monotonic(), gone)
  }
}
