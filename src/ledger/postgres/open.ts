import { Pool, types } from 'pg'
import { newUuid, type RandomBytes } from '../../domain/id.ts'
import { noProbe, type Probe } from '../../domain/probe.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Logger, silentLog } from '../../platform/log.ts'
import { bindLedger } from '../bind.ts'
import type { Ledger } from '../port.ts'
import { postgresEngine } from './engine.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { namedAtOpening } from './postgres-error.ts'

const CONNECTIONS_MAX = 10
const CONNECT_MS = 5000
/** Longest statement, wait for others, and silence within a transaction, in milliseconds. */
const STATEMENT_MS = 30_000
const LOCK_MS = 10_000
const SILENCE_MS = 30_000

export type PostgresLedgerOptions = {
  /** postgres://user:password@host:port/database; what is left out comes from PG* variables. */
  readonly url: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log?: Logger
  /** Milliseconds since the epoch, instead of the database's own time. */
  readonly now?: () => number
  readonly probe?: Probe
}

/**
 * Opens a ledger that several hubs may share, and brings its schema up to date. Leases are judged
 * by the database's clock. Throws `ledger-refused`, `ledger-unavailable` or `schema-newer`.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const { url, clock, random, log = silentLog, now, probe = noProbe } = options
  const address = withoutPassword(url)
  const pool = openPool(url)
  // Idle connections break when the database restarts; the next transaction opens another.
  pool.on('error', (error) => log.debug({ error }, 'idle connection to the ledger lost'))
  pool.on('connect', (client) => {
    // Told by the query that was under way.
    client.on('error', () => {})
  })
  try {
    const client = await pool.connect()
    try {
      const migrations = await migrate(client, MIGRATIONS, probe)
      log.info({ ledger: address, migrations }, 'ledger opened')
    } finally {
      client.release()
    }
  } catch (error) {
    await pool.end()
    throw namedAtOpening(error, address)
  }
  const self = newUuid(clock.now(), random)
  return bindLedger(postgresEngine({ pool, self, now, clock, log }), random, probe)
}

/** For people and logs. */
export function withoutPassword(url: string): string {
  const address = URL.parse(url)
  if (address === null) return 'postgres'
  return `postgres://${address.host}${address.pathname}`
}

const openPool = (url: string): Pool =>
  new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: SILENCE_MS,
    keepAlive: true,
    application_name: 'millwright',
    types: {
      getTypeParser: (oid, format) =>
        oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format),
    },
  })
