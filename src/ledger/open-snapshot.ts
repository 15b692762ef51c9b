import type { Secret } from '../domain/secret.ts'
import { sqliteSnapshot } from './sqlite/backup.ts'
import type { Snapshot } from './tables.ts'

/**
 * Opens a snapshot of the ledger. Hubs can continue to write to the ledger. `database` is the URL
 * of the PostgreSQL database; if it is undefined, the ledger is the SQLite file in the data folder.
 */
export async function openSnapshot(
  database: Secret | undefined,
  folder: string,
): Promise<Snapshot> {
  if (database === undefined) return sqliteSnapshot(folder)
  // A lazy import, because most hubs do not use PostgreSQL.
  const { postgresSnapshot } = await import('./postgres/backup.ts')
  return postgresSnapshot(database.reveal())
}
