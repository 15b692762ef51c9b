import { AppError } from '../domain/errors.ts'
import type { JobEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { HubClient } from './client.ts'
import { decodeEvents } from './event-stream.ts'

/**
 * Yields a job's events with `seq` > `after`, as they happen. Returns after the event that ends the
 * job, or when the hub closes the stream. Throws `hub-unreachable` if the connection is lost. The
 * caller can then call this again, with the last `seq` that it received as the new `after`.
 */
export async function* liveEvents(
  client: HubClient,
  from: {
    readonly job: JobId
    readonly after: number
    /** Called when the hub accepts the connection. */
    readonly onOpen: () => void
  },
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  const response = await client.open(
    'listEvents',
    {
      params: { job: from.job },
      headers: { accept: 'text/event-stream', 'last-event-id': String(from.after) },
    },
    signal,
  )
  from.onOpen()
  if (response.body === null) return
  try {
    yield* decodeEvents(response.body)
  } catch (error) {
    if (signal.aborted) throw error
    throwLost(error)
  }
}

/**
 * Throws `hub-unreachable` in place of a TypeError, because `fetch` throws a TypeError if the
 * connection is lost while the response is being read. Rethrows every other error.
 */
export function throwLost(error: unknown): never {
  if (!(error instanceof TypeError)) throw error
  throw new AppError('hub-unreachable', 'The connection to the hub was lost', { cause: error })
}
