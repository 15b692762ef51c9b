import { newUuid, type RandomBytes } from '../../domain/id.ts'
import { noProbe, type Probe } from '../../domain/probe.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Logger, silentLog } from '../../platform/log.ts'
import { bindLedger } from '../bind.ts'
import type { Ledger } from '../port.ts'
import {
  connectOnce,
  openConnections,
  PATIENCE,
  type Patience,
  withoutPassword,
} from './connections.ts'
import { postgresEngine } from './engine.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { namedAtOpening } from './postgres-error.ts'

export type PostgresLedgerOptions = {
  /** postgres://user:password@host:port/database; what is left out comes from PG* variables. */
  readonly url: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log?: Logger
  /** Milliseconds since the epoch, instead of the database's own time. */
  readonly now?: () => number
  readonly patience?: Patience
  readonly probe?: Probe
}

/**
 * Opens a ledger that several hubs may share, and brings its schema up to date. Leases are judged
 * by the database's clock. Throws `ledger-refused`, `ledger-unavailable` or `schema-newer`.
 */
export async function openPostgresLedger(options: PostgresLedgerOptions): Promise<Ledger> {
  const { url, clock, random, log = silentLog, now } = options
  const { patience = PATIENCE, probe = noProbe } = options
  await bringUpToDate({ url, log, probe })
  const connections = openConnections(url, patience, clock)
  // Idle connections break when the database restarts; the next transaction opens another.
  connections.pool.on('error', (error) =>
    log.debug({ error }, 'idle connection to the ledger lost'),
  )
  connections.pool.on('connect', (client) => {
    // Told by the query that was under way.
    client.on('error', () => {})
  })
  const self = newUuid(clock.now(), random)
  const heartbeatMs = patience.heartbeat
  const engine = postgresEngine({ connections, self, now, heartbeatMs, clock, log })
  return bindLedger(engine, random, probe)
}

type Opening = { readonly url: string; readonly log: Logger; readonly probe: Probe }

async function bringUpToDate({ url, log, probe }: Opening): Promise<void> {
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
    throw namedAtOpening(error, ledger)
  }
}
