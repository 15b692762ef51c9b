import { once } from 'node:events'
import { LOG_SEGMENT_BYTES_MAX, type LogStream } from '../domain/attempt.ts'
import type { JobEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from './client.ts'
import { WAIT_MS_MAX } from './schemas.ts'
import type { HubOutage } from './hub-outage.ts'
import { liveEvents, throwLost } from './live-events.ts'

const RETRY_MS = 1000

/** A client of the hub, and what its retries need: a clock, and a record of the hub's outages. */
export type HubLink = {
  readonly client: HubClient
  readonly clock: Clock
  readonly outage: HubOutage
}

export type Follower = {
  readonly onEvent: (event: JobEvent) => void
  /**
   * Called with each part of a log. The next part is read only after the returned promise resolves.
   */
  readonly onText: (text: string) => Promise<void>
}

/**
 * Passes a job's events, and one complete log of each attempt, to the follower. Returns when the
 * job ends, when it waits for a person, or when the signal aborts. Retries during an outage of the
 * hub.
 */
export async function followJob(
  link: HubLink,
  what: {
    readonly job: JobId
    /** The log stream to pass on. If null, only events are passed on. */
    readonly stream: LogStream | null
    /** Passes on only the log of this attempt; if absent, the logs of all attempts. */
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
    for await (const event of eventsOf(link, what.job, signal)) {
      const isNext = event.type === 'claimed' && event.attempt === (what.attempt ?? event.attempt)
      if (isNext && stream !== null) {
        await endOf(log, signal)
        const attempt = event.attempt ?? undefined
        log = copyLog(link, { job: what.job, stream, attempt }, follower.onText, copying)
        // If copying fails, `endOf` throws the error, but `endOf` may await `log` much later. Until
        // then, the rejection would count as unhandled, and Node would end the process.
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

/** Waits until the log of an ended attempt is copied, or until the signal aborts. */
async function endOf(log: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (log === undefined || signal.aborted) return
  const waiting = new AbortController()
  const stopped = once(signal, 'abort', { signal: waiting.signal }).catch(() => {})
  try {
    await Promise.race([log, stopped])
  } finally {
    waiting.abort()
  }
}

/** Yields all events in order. Reconnects when the connection is lost. */
async function* eventsOf(link: HubLink, job: JobId, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const { client, outage } = link
  const onOpen = (): void => outage.over()
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
      outage.failed(error)
    }
    await link.clock.sleep(RETRY_MS, signal)
  }
}

/** Copies one log from its start until the attempt has ended and the log is complete. */
async function copyLog(
  link: HubLink,
  what: { readonly job: JobId; readonly attempt: number | undefined; readonly stream: LogStream },
  onText: (text: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder()
  const { outage } = link
  let offset = 0
  while (!signal.aborted) {
    try {
      const part = await readLog(link.client, { ...what, offset, waitMs: WAIT_MS_MAX }, signal)
      outage.over()
      offset += part.bytes.length
      await onText(decoder.decode(part.bytes, { stream: true }))
      if (part.ended) return
    } catch (error) {
      if (signal.aborted) return
      outage.failed(error)
      await link.clock.sleep(RETRY_MS, signal)
    }
  }
}

/**
 * Reads one part of a log, starting at `offset` bytes. `ended` means that this is the last part.
 */
export async function readLog(
  client: HubClient,
  what: {
    readonly job: JobId
    readonly stream: LogStream
    /** The attempt whose log is read. If absent, the newest attempt. */
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
    bytes: await response.bytes().catch(throwLost),
    ended: response.headers.get('millwright-log-end') === 'true',
  }
}
