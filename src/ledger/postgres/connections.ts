import { once } from 'node:events'
import { Socket } from 'node:net'
import { Client, type ClientConfig, Pool, types } from 'pg'
import type { Clock } from '../../platform/clock.ts'

const CONNECTIONS_MAX = 10

/** How long each thing may take, in milliseconds. */
export type Patience = {
  readonly connect: number
  /** One statement, as the database measures it. */
  readonly statement: number
  /** Its wait for others. */
  readonly lock: number
  /** Silence of ours within a transaction. */
  readonly idle: number
  /** One statement, as we measure it: longer, so that a database that is there speaks first. */
  readonly answer: number
  /** Between two questions to a database that has nothing to say. */
  readonly heartbeat: number
  /** The end of what runs when we close. */
  readonly close: number
}

export const PATIENCE: Patience = {
  connect: 5000,
  statement: 30_000,
  lock: 10_000,
  idle: 30_000,
  answer: 35_000,
  heartbeat: 15_000,
  close: 10_000,
}

/** A pool that can be closed although the database does not answer any more. */
export type Connections = {
  readonly pool: Pool
  /** Lets what runs end, waits for `until` as well, then cuts off what is left. */
  close(until: Promise<void>): Promise<void>
}

/** Opens no connection yet. */
export function openConnections(url: string, patience: Patience, clock: Clock): Connections {
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
    connectionTimeoutMillis: patience.connect,
    statement_timeout: patience.statement,
    lock_timeout: patience.lock,
    idle_in_transaction_session_timeout: patience.idle,
    query_timeout: patience.answer,
  })
  const goodbye = async (until: Promise<void>): Promise<void> => {
    await until
    await pool.end()
    await Promise.all([...open].map((socket) => once(socket, 'close')))
  }
  return {
    pool,
    close: async (until) => {
      const ended = new AbortController()
      const closing = goodbye(until).finally(() => ended.abort())
      await clock.sleep(patience.close, ended.signal)
      for (const socket of open) socket.destroy()
      await closing
    },
  }
}

/** One connection without limits of time once it is open: for migrations, backup and restore. */
export async function connectOnce(url: string): Promise<Client> {
  const client = new Client({ ...settings(url), connectionTimeoutMillis: PATIENCE.connect })
  // Told by the query that was under way.
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

/** The address for people and logs. */
export function withoutPassword(url: string): string {
  const address = URL.parse(url)
  // An @ in the path was part of a password with a slash in it.
  if (address === null || address.pathname.includes('@')) return 'postgres'
  return `postgres://${address.host}${address.pathname}`
}
