import { newUuid, type RandomBytes } from '../../domain/id.ts'
import { noProbe, type Probe } from '../../domain/probe.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Logger, silentLog } from '../../platform/log.ts'
import { bindLedger } from '../bind.ts'
import type { Ledger } from '../port.ts'
import {
  connectOnce,
  openConnections,
  TIMEOUTS,
  type Timeouts,
  withoutPassword,
} from './connections.ts'
import { postgresEngine } from './engine.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { toOpeningError } from './postgres-error.ts'

export type PostgresLedgerOptions = {
  /**
   * postgres://user:password@host:port/database. Parts that the URL leaves out come from PG*
   * environment variables.
   */
  readonly url: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log?: Logger
  /**
   * Returns the ledger's time in milliseconds since the epoch. Defaults to the database's clock.
   */
  readonly now?: () => number
  readonly timeouts?: Timeouts
  readonly probe?: Probe
}

/**
 * Opens a ledger that several hubs can share, and migrates it. The database's clock decides when
 * leases expire. Throws `ledger-refused`, `ledger-unavailable` or `schema-newer`.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const { url, clock, random, log = silentLog, now } = options
  const { timeouts = TIMEOUTS, probe = noProbe } = options
  await migrateOnce({ url, log, probe })
  const connections = openConnections(url, timeouts, clock)
  // A restart of the database breaks idle connections; the next transaction reconnects.
  connections.pool.on('error', (error) =>
    log.debug({ error }, 'lost an idle connection to the database'),
  )
  connections.pool.on('connect', (client) => {
    // If the connection fails, the running query rejects with the same error. Without this
    // listener, the `error` event would crash Node.
    client.on('error', () => {})
  })
  const self = newUuid(clock.now(), random)
  const heartbeatMs = timeouts.heartbeat
  const engine = postgresEngine({ connections, self, now, heartbeatMs, clock, log })
  return bindLedger(engine, random, probe)
}

type Opening = { readonly url: string; readonly log: Logger; readonly probe: Probe }

async function migrateOnce({ url, log, probe }: Opening): Promise<void> {
  const ledger = withoutPassword(url)
  try {
    const client = await connectOnce(url)
    try {
      const migrations = await migrate(client, MIGRATIONS, probe)
      log.info({ ledger, migrations }, 'ledger opened')
    } finally {
      await client.end()
    }
  } catch (error) {
    throw toOpeningError(error, ledger)
  }
}
