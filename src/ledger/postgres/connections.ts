import { once } from 'node:events'
import { Socket } from 'node:net'
import { Client, type ClientConfig, Pool, types } from 'pg'
import type { Clock } from '../../platform/clock.ts'

const CONNECTIONS_MAX = 10

/** Timeouts and intervals, in milliseconds. */
export type Timeouts = {
  readonly connect: number
  /** `statement_timeout`: how long one statement may run, measured by the server. */
  readonly statement: number
  /** `lock_timeout`: how long a statement may wait for one lock. */
  readonly lock: number
  /**
   * `idle_in_transaction_session_timeout`: how long the hub may pause between two statements of a
   * transaction.
   */
  readonly idle: number
  /**
   * How long the hub waits for the result of one statement. Longer than `statement`, so that a
   * responsive server reports its own timeout first.
   */
  readonly answer: number
  /** Interval between the queries that detect a dead LISTEN connection. */
  readonly heartbeat: number
  /** How long `close` waits for running transactions. */
  readonly close: number
}

export const TIMEOUTS: Timeouts = {
  connect: 5000,
  statement: 30_000,
  lock: 10_000,
  idle: 30_000,
  answer: 35_000,
  heartbeat: 15_000,
  close: 10_000,
}

/** A pool that can be closed even when the database does not respond. */
export type Connections = {
  readonly pool: Pool
  /**
   * Waits for the promise `until` and for running transactions, but no longer than the `close`
   * timeout. Then destroys the sockets that are still open.
   */
  close(until: Promise<void>): Promise<void>
}

/** Creates a pool. It opens its first connection when one is requested. */
export function openConnections(url: string, timeouts: Timeouts, clock: Clock): Connections {
  const open = new Set<Socket>()
  const stream = (): Socket => {
    const socket = new Socket()
    open.add(socket)
    return socket.once('close', () => open.delete(socket))
  }
  const pool = new Pool({
    ...settings(url),
    stream,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: timeouts.connect,
    statement_timeout: timeouts.statement,
    lock_timeout: timeouts.lock,
    idle_in_transaction_session_timeout: timeouts.idle,
    query_timeout: timeouts.answer,
  })
  const drain = async (until: Promise<void>): Promise<void> => {
    await until
    await pool.end()
    await Promise.all([...open].map((socket) => once(socket, 'close')))
  }
  return {
    pool,
    close: async (until) => {
      const ended = new AbortController()
      const closing = drain(until).finally(() => ended.abort())
      await clock.sleep(timeouts.close, ended.signal)
      for (const socket of open) socket.destroy()
      await closing
    },
  }
}

/** Opens one connection without a statement timeout, for migrations, backup and restore. */
export async function connectOnce(url: string): Promise<Client> {
  const client = new Client({ ...settings(url), connectionTimeoutMillis: TIMEOUTS.connect })
  // If the connection fails, the running query rejects with the same error. Without this listener,
  // the `error` event would crash Node.
  client.on('error', () => {})
  await client.connect()
  return client
}

const settings = (url: string): ClientConfig => ({
  connectionString: url,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'millwright',
  types: {
    getTypeParser: (oid, format) =>
      oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format),
  },
})

/** The database's URL without user and password, for messages and logs. */
export function withoutPassword(url: string): string {
  const address = URL.parse(url)
  // In `postgres://hub:12/34@host/db`, the slash in the password should have been written as %2F.
  // The URL then parses with the path `/34@host/db`, which reveals part of the password.
  if (address === null || address.pathname.includes('@')) return 'postgres'
  return `postgres://${address.host}${address.pathname}`
}
