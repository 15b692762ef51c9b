import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { isBackedUp } from '../artifacts/backup-mark.ts'
import { type DiskArtifacts, openDiskArtifacts } from '../artifacts/disk-artifacts.ts'
import { type DiskLogs, openDiskLogs } from '../artifacts/disk-logs.ts'
import { storeId } from '../artifacts/store-id.ts'
import type { HubConfig } from '../config/settings.ts'
import { noProbe, type Probe } from '../domain/probe.ts'
import type { Ledger } from '../ledger/port.ts'
import { openSqliteLedger } from '../ledger/sqlite/open.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { lockDataFolder } from '../platform/lock-data-folder.ts'
import type { Logger } from '../platform/log.ts'

/** The durable data of a hub. */
export type HubStorage = AsyncDisposable & {
  readonly ledger: Ledger
  readonly artifacts: DiskArtifacts
  readonly logs: DiskLogs
  /** Whether a backup is reading the artifacts and logs now. */
  readonly isBackedUp: () => Promise<boolean>
}

type LedgerTools = {
  readonly folder: string
  readonly log: Logger
  readonly clock?: Clock
  readonly probe?: Probe
}

/**
 * Opens the ledger and the store, and locks the data folder until the result is disposed. Throws
 * `data-dir-busy` if another process has locked the folder, `store-foreign` if the store belongs to
 * another ledger, and the errors of the ledger's database.
 */
export async function openStorage(
  config: Pick<HubConfig, 'database' | 'store'>,
  tools: LedgerTools & { readonly cwd: string },
): Promise<HubStorage> {
  const { folder, cwd, probe } = tools
  await using opening = new AsyncDisposableStack()
  const ledger = opening.use(await openLedger(config, tools, opening))
  const store = config.store === undefined ? folder : resolve(cwd, config.store)
  await ledger.bindStore(await storeId(store))
  const artifacts = await openDiskArtifacts(join(store, 'artifacts'), probe)
  const logs = await openDiskLogs(join(store, 'logs'), config.database !== undefined, probe)
  const open = opening.move()
  return {
    ledger,
    artifacts,
    logs,
    isBackedUp: () => isBackedUp(store, systemClock.now()),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

async function openLedger(
  { database }: Pick<HubConfig, 'database'>,
  { folder, log, clock = systemClock, probe = noProbe }: LedgerTools,
  opening: AsyncDisposableStack,
): Promise<Ledger> {
  const random = randomBytes
  if (database === undefined) return openSqliteLedger({ folder, clock, random, log, probe })
  // Lock the data folder even if the ledger is in PostgreSQL, because the folder contains this
  // hub's tokens and URL.
  opening.use(lockDataFolder(folder))
  await probe('folder-owned')
  // Imported here because most hubs do not use PostgreSQL.
  const { openPostgresLedger } = await import('../ledger/postgres/open.ts')
  return openPostgresLedger({ url: database.reveal(), clock, random, log, probe })
}
