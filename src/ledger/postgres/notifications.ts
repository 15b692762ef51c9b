import type { Notification as Notified, PoolClient } from 'pg'
import type { Logger } from '../../platform/log.ts'
import type { Clock } from '../../platform/clock.ts'
import { JobId } from '../../domain/id.ts'
import type { Notification } from '../port.ts'
import { toAppError } from './postgres-error.ts'

/** The channel for notifications between hubs; see LISTEN and NOTIFY in PostgreSQL's manual. */
export const CHANNEL = 'millwright'
const RETRY_MS = 1000

type Listening = {
  /** Returns a connection that is used only for LISTEN. */
  readonly connect: () => Promise<PoolClient>
  /**
   * Id of this hub. PostgreSQL also delivers a hub's own notifications to it; the hub recognizes
   * them by this id and drops them.
   */
  readonly self: string
  readonly onNotification: (notification: Notification) => void
  readonly heartbeatMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** Encodes a notification as the payload of NOTIFY. */
export const payloadOf = (self: string, notification: Notification): string =>
  notification.kind === 'job' ? `${self} job ${notification.jobId}` : `${self} ready`

/**
 * Passes on the notifications of other hubs until the signal aborts. If the connection is lost,
 * reconnects and then reports `ready` once, because notifications may have been missed. A missed
 * `job` notification is not replaced, because subscribers that wait for a certain job also poll.
 */
export async function listenForNotifications(
  listening: Listening,
  signal: AbortSignal,
): Promise<void> {
  let missed = false
  while (!signal.aborted) {
    try {
      await listenOnce(listening, missed, signal)
    } catch (error) {
      missed = true
      listening.log.warn(
        { error: toAppError(error) },
        'lost the connection that receives notifications from other hubs, will reconnect',
      )
      await listening.clock.sleep(RETRY_MS, signal)
    }
  }
}

/** Listens on one connection until it fails or the signal aborts. */
async function listenOnce(
  listening: Listening,
  missed: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { connect, self, onNotification } = listening
  const client = await connect()
  const lost = Promise.withResolvers<never>()
  client.on('error', lost.reject)
  client.on('end', () => lost.reject(new Error('Connection terminated')))
  lost.promise.catch(() => {})
  client.on('notification', ({ payload = '' }: Notified) => {
    const notification = parse(payload, self)
    if (notification !== null) onNotification(notification)
  })
  const over = new AbortController()
  try {
    await client.query(`LISTEN ${CHANNEL}`)
    if (missed) onNotification({ kind: 'ready' })
    const beating = beat(client, listening, AbortSignal.any([signal, over.signal]))
    await Promise.race([beating, lost.promise])
  } finally {
    over.abort()
    client.release(true)
  }
}

/**
 * Sends a query at regular intervals, because otherwise a dead connection cannot be distinguished
 * from one on which no notifications arrive.
 */
async function beat(
  client: PoolClient,
  { heartbeatMs, clock }: Listening,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(heartbeatMs, signal)
    if (signal.aborted) return
    await client.query('SELECT 1')
  }
}

function parse(text: string, self: string): Notification | null {
  const [from, kind, id] = text.split(' ')
  if (from === self) return null
  if (kind === 'ready') return { kind }
  const jobId = JobId.safeParse(id)
  return kind === 'job' && jobId.success ? { kind, jobId: jobId.data } : null
}
