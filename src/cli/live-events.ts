import { AppError } from '../domain/errors.ts'
import type { JobEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { HubClient } from '../protocol/client.ts'
import { decodeEvents } from '../protocol/event-stream.ts'

/**
 * The events of a job with seq > after, as they happen; ends after the one that ends the job, or
 * when the hub closes the stream. A broken connection is `hub-unreachable`: go on after the last
 * `seq` that arrived.
 */
export async function* liveEvents(
  client: HubClient,
  from: {
    readonly job: JobId
    readonly after: number
    /** Called when the hub has answered. */
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
    // fetch tells of a connection that broke in the middle by a TypeError alone.
    if (signal.aborted || !(error instanceof TypeError)) throw error
    throw new AppError('hub-unreachable', 'The connection to the hub broke', { cause: error })
  }
}
