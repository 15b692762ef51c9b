import type { Notification as Notified, PoolClient } from 'pg'
import type { Logger } from '../../platform/log.ts'
import type { Clock } from '../../platform/clock.ts'
import { JobId } from '../../domain/id.ts'
import type { Notification } from '../port.ts'
import { named } from './postgres-error.ts'

/** Hubs tell each other here; see LISTEN and NOTIFY in PostgreSQL's manual. */
export const CHANNEL = 'millwright'
const RETRY_MS = 1000

type Hearing = {
  /** Opens a connection of its own. */
  readonly connect: () => Promise<PoolClient>
  /** Who notifies here: its own notifications come back and are dropped. */
  readonly self: string
  readonly heard: (notification: Notification) => void
  readonly heartbeatMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** A notification as other hubs get it. */
export const payloadOf = (self: string, notification: Notification): string =>
  notification.kind === 'job' ? `${self} job ${notification.jobId}` : `${self} ready`

/**
 * Hears what other hubs commit until the signal aborts. A lost connection is opened again; what
 * was missed meanwhile is looked for at once, and by those who look again from time to time.
 */
export async function listenForNotifications(hearing: Hearing, signal: AbortSignal): Promise<void> {
  let missed = false
  while (!signal.aborted) {
    try {
      await hearOnce(hearing, missed, signal)
    } catch (error) {
      missed = true
      hearing.log.warn({ error: named(error) }, 'notifications of other hubs are not heard')
      await hearing.clock.sleep(RETRY_MS, signal)
    }
  }
}

/** One connection, to its end. */
async function hearOnce(hearing: Hearing, missed: boolean, signal: AbortSignal): Promise<void> {
  const { connect, self, heard } = hearing
  const client = await connect()
  const lost = Promise.withResolvers<never>()
  client.on('error', lost.reject)
  client.on('end', () => lost.reject(new Error('Connection terminated')))
  lost.promise.catch(() => {})
  client.on('notification', ({ payload = '' }: Notified) => {
    const told = parse(payload, self)
    if (told !== null) heard(told)
  })
  const over = new AbortController()
  try {
    await client.query(`LISTEN ${CHANNEL}`)
    if (missed) heard({ kind: 'ready' })
    const beating = beat(client, hearing, AbortSignal.any([signal, over.signal]))
    await Promise.race([beating, lost.promise])
  } finally {
    over.abort()
    client.release(true)
  }
}

/** Asks now and then, because a connection that went dead looks like one that has no news. */
async function beat(
  client: PoolClient,
  { heartbeatMs, clock }: Hearing,
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
