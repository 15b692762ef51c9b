import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError, isAppError } from '../../domain/errors.ts'
import type { RandomBytes } from '../../domain/id.ts'
import { noProbe, type Probe } from '../../domain/probe.ts'
import type { Clock } from '../../platform/clock.ts'
import { plainReason } from '../../platform/plain-reason.ts'
import { lockDataFolder } from '../../platform/lock-data-folder.ts'
import { type Logger, silentLog } from '../../platform/log.ts'
import { bindLedger } from '../bind.ts'
import type { Ledger } from '../port.ts'
import { sqliteEngine } from './engine.ts'
import { graceAfterRestart, leaseClock } from './lease-clock.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { isSqliteError } from './sqlite-error.ts'

/**
 * How long SQLite waits for a lock that another process holds, for example a backup. That process
 * is never another hub, because only one hub at a time can open the data folder.
 */
const BUSY_MS = 5000

export type SqliteLedgerOptions = {
  /** The data folder. If it does not exist, it is created so that only its owner can read it. */
  readonly folder: string
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log?: Logger
  readonly probe?: Probe
}

/**
 * Opens the ledger in a data folder and locks the folder until the ledger is disposed. Throws
 * `data-dir-busy`, `schema-newer`, `ledger-damaged` or `data-dir-unusable`.
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<Ledger> {
  const { folder, clock, random, log = silentLog, probe = noProbe } = options
  using opening = new DisposableStack()
  try {
    opening.use(lockDataFolder(folder))
    await probe('folder-owned')
    const database = opening.adopt(openDatabase(join(folder, 'ledger.db')), close)
    const now = leaseClock(clock)
    const migrations = migrate(database, MIGRATIONS, now(), probe)
    graceAfterRestart(database, now())
    log.info({ folder, migrations }, 'ledger opened')

    const ledger = bindLedger(sqliteEngine(database, now), random, probe)
    const owned = opening.move()
    return {
      ...ledger,
      [Symbol.asyncDispose]: async () => {
        await ledger[Symbol.asyncDispose]()
        owned.dispose()
      },
    }
  } catch (error) {
    if (isAppError(error)) throw error
    const why = plainReason(error)
    throw isSqliteError(error, 'damaged')
      ? damaged(folder, error)
      : new AppError('data-dir-unusable', `The ledger in ${folder} cannot be opened: ${why}.`, {
          cause: error,
          details: { folder },
        })
  }
}

/** Returns the error for a ledger file that SQLite reports as corrupt. */
export const damaged = (folder: string, cause: unknown): AppError =>
  new AppError('ledger-damaged', `The ledger ${join(folder, 'ledger.db')} is damaged.`, {
    cause,
    details: { folder },
  })

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS })
  // Set the mode before the first write, because SQLite gives its -wal and -shm files the mode that
  // the main file has when it creates them.
  chmodSync(path, 0o600)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA journal_size_limit = 67108864')
  return database
}

function close(database: DatabaseSync): void {
  if (database.isOpen) database.close()
}
