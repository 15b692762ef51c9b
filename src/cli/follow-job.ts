import { once } from 'node:events'
import { LOG_SEGMENT_BYTES_MAX, type LogStream } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import type { JobEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import { WAIT_MS_MAX } from '../protocol/schemas.ts'
import type { HubAway } from './hub-away.ts'
import { liveEvents } from './live-events.ts'

const RETRY_MS = 1000

/** The hub, and what happens while it does not answer. */
export type Line = {
  readonly client: HubClient
  readonly clock: Clock
  readonly away: HubAway
}

export type Follower = {
  readonly onEvent: (event: JobEvent) => void
  /** The log is read no faster than this is done with it. */
  readonly onText: (text: string) => Promise<void>
}

/**
 * Tells what happens to a job until it ends, or until it waits for a person: its events, and one
 * log of each of its attempts, to its last byte. Lives through a hub that is away for a while.
 */
export async function followJob(
  line: Line,
  what: {
    readonly job: JobId
    /** null: events alone. */
    readonly stream: LogStream | null
    /** Only this attempt’s log; absent: those of all. */
    readonly attempt?: number | undefined
  },
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  let log: Promise<void> | undefined
  const { stream } = what
  const over = new AbortController()
  const copying = AbortSignal.any([signal, over.signal])
  try {
    for await (const event of eventsOf(line, what.job, signal)) {
      const isNext = event.type === 'claimed' && event.attempt === (what.attempt ?? event.attempt)
      if (isNext && stream !== null) {
        await endOf(log, signal)
        const attempt = event.attempt ?? undefined
        log = copyLog(line, { job: what.job, stream, attempt }, follower.onText, copying)
        // Its failure is told where it is awaited; until then it must not count as unhandled.
        log.catch(() => {})
      }
      const stops = event.type === 'paused' && event.reason === 'waiting-for-person'
      if (stops || event.type === 'ended') await endOf(log, signal)
      follower.onEvent(event)
      if (stops) return
    }
  } finally {
    over.abort()
  }
}

/** Waits until the log of an attempt that is over was copied: the hub says where it ends. */
async function endOf(log: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (log === undefined || signal.aborted) return
  const inTime = new AbortController()
  const stopped = once(signal, 'abort', { signal: inTime.signal }).catch(() => {})
  try {
    await Promise.race([log, stopped])
  } finally {
    inTime.abort()
  }
}

/** Events from the first to the last, across breaks of the connection. */
async function* eventsOf(line: Line, job: JobId, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const { client, away } = line
  const onOpen = (): void => away.over()
  let after = 0
  while (!signal.aborted) {
    try {
      for await (const event of liveEvents(client, { job, after, onOpen }, signal)) {
        after = event.seq
        yield event
        if (event.type === 'ended') return
      }
    } catch (error) {
      if (signal.aborted) return
      away.bear(error)
    }
    await line.clock.sleep(RETRY_MS, signal)
  }
}

/** Copies one log from the start; ends when the attempt has ended and nothing is left. */
async function copyLog(
  line: Line,
  what: { readonly job: JobId; readonly attempt: number | undefined; readonly stream: LogStream },
  onText: (text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder()
  const { away } = line
  let offset = 0
  while (!signal.aborted) {
    try {
      const part = await readLog(line.client, { ...what, offset, waitMs: WAIT_MS_MAX }, signal)
      away.over()
      offset += part.bytes.length
      await onText(decoder.decode(part.bytes, { stream: true }))
      if (part.ended) return
    } catch (error) {
      if (signal.aborted) return
      away.bear(error)
      await line.clock.sleep(RETRY_MS, signal)
    }
  }
}

/** One piece of a log; `ended` when nothing will follow it. */
export async function readLog(
  client: HubClient,
  what: {
    readonly job: JobId
    readonly stream: LogStream
    /** Absent: the newest. */
    readonly attempt?: number | undefined
    readonly offset: number
    readonly waitMs: number
  },
  signal?: AbortSignal,
): Promise<{ readonly bytes: Uint8Array; readonly ended: boolean }> {
  const { job, stream, attempt, offset, waitMs } = what
  const response = await client.call(
    'readLog',
    {
      params: { job, stream },
      query: {
        offset,
        waitMs,
        limit: LOG_SEGMENT_BYTES_MAX,
        ...(attempt === undefined ? {} : { attempt }),
      },
    },
    signal,
  )
  return {
    bytes: await wholeBody(response),
    ended: response.headers.get('millwright-log-end') === 'true',
  }
}

async function wholeBody(response: Response): Promise<Uint8Array> {
  try {
    return await response.bytes()
  } catch (error) {
    // fetch tells of a connection that broke in the middle by a TypeError alone.
    if (!(error instanceof TypeError)) throw error
    throw new AppError('hub-unreachable', 'The connection to the hub broke', { cause: error })
  }
}
