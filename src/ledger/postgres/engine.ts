import type { ClientBase, PoolClient } from 'pg'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/log.ts'
import { Listeners, Notifications } from '../listeners.ts'
import { sql, type Statement } from '../sql.ts'
import type { Engine, Tx } from '../transaction.ts'
import type { Connections } from './connections.ts'
import { advisoryLocks } from './advisory-locks.ts'
import { isQueryTimeout, isTransient, toAppError } from './postgres-error.ts'
import { CHANNEL, listenForNotifications, payloadOf } from './notifications.ts'
import { type Preparer, preparer } from './statements.ts'

/**
 * Maximum number of tries of one transaction. It is retried after a deadlock or a serialization
 * failure.
 */
const TRIES_MAX = 8

export type PostgresEngineOptions = {
  readonly connections: Connections
  /** Unique id of this hub. */
  readonly self: string
  /**
   * Returns the ledger's time in milliseconds since the epoch. If undefined, the database's clock
   * is used.
   */
  readonly now: (() => number) | undefined
  readonly heartbeatMs: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Runs transactions concurrently, each on its own connection. The isolation level READ COMMITTED
 * suffices, because advisory locks (`advisory-locks.ts`) and the WHERE conditions of the statements
 * isolate the transactions.
 */
export function postgresEngine(options: PostgresEngineOptions): Engine {
  const { connections, self, heartbeatMs, clock, log } = options
  const { pool } = connections
  const listeners = new Listeners()
  const prepared = preparer()
  const closing = new AbortController()
  const listening = listenForNotifications(
    {
      connect: () => pool.connect(),
      self,
      onNotification: (notification) => listeners.notify([notification]),
      heartbeatMs,
      clock,
      log,
    },
    closing.signal,
  )

  async function once<Value>(work: (tx: Tx) => Promise<Value>): Promise<Value> {
    const client = await pool.connect()
    const notifications = new Notifications()
    let lost = true
    try {
      const now = await begin(client, options.now)
      const value = await work(openTx({ client, prepared, now, notifications }))
      await notifyOtherHubs(client, self, notifications)
      await client.query('COMMIT')
      lost = false
      listeners.notify(notifications.all)
      return value
    } catch (error) {
      lost = isQueryTimeout(error) || !(await rolledBack(client))
      throw error
    } finally {
      client.release(lost)
    }
  }

  return {
    transact: async (work) => {
      for (let tries = 1; ; tries += 1) {
        if (closing.signal.aborted) throw new AppError('hub-stopping', 'The ledger is closed.')
        try {
          return await once(work)
        } catch (error) {
          if (!isTransient(error) || tries === TRIES_MAX) throw toAppError(error)
        }
      }
    },
    subscribe: (listener) => listeners.add(listener),
    [Symbol.asyncDispose]: async () => {
      if (closing.signal.aborted) return
      closing.abort()
      await connections.close(listening)
    },
  }
}

const Now = z.object({ now: z.number() })

async function begin(client: ClientBase, now: (() => number) | undefined): Promise<number> {
  // Send both statements in one round trip.
  const answer: unknown = await client.query(
    'BEGIN; SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT AS now',
  )
  const [, { rows }] = z.tuple([z.unknown(), z.object({ rows: z.tuple([Now]) })]).parse(answer)
  return now?.() ?? rows[0].now
}

async function notifyOtherHubs(
  client: ClientBase,
  self: string,
  notifications: Notifications,
): Promise<void> {
  if (notifications.all.length === 0) return
  await client.query({
    name: 'notify-other-hubs',
    text: 'SELECT pg_notify($1, payload) FROM unnest($2::TEXT[]) AS payload',
    values: [CHANNEL, notifications.all.map((notification) => payloadOf(self, notification))],
  })
}

/** Rolls back. Returns false if the connection is unusable. */
async function rolledBack(client: PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK')
    return true
  } catch {
    return false
  }
}

const SKIP_LOCKED = sql`FOR UPDATE SKIP LOCKED`
const LOCK_ROWS = sql`FOR UPDATE`
const KEEP_ROWS = sql`FOR KEY SHARE`

type Open = {
  readonly client: ClientBase
  readonly prepared: Preparer
  readonly now: number
  readonly notifications: Notifications
}

function openTx({ client, prepared, now, notifications }: Open): Tx {
  const rowsOf = async <Row>(statement: Statement, row: z.ZodType<Row>): Promise<Row[]> => {
    const { rows } = await client.query(prepared(statement))
    return rows.map((found) => row.parse(found))
  }
  return {
    now,
    get: async (statement, row) => (await rowsOf(statement, row))[0],
    all: rowsOf,
    run: async (statement) => (await client.query(prepared(statement))).rowCount ?? 0,
    advisoryLocks: advisoryLocks(client),
    skipLocked: SKIP_LOCKED,
    lockRows: LOCK_ROWS,
    keepRows: KEEP_ROWS,
    jsonMember: (column, name) => sql`(${column}::JSON ->> ${name}::TEXT)`,
    notify: (notification) => notifications.add(notification),
  }
}
