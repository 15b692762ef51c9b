import type { Secret } from '../domain/secret.ts'
import { sqliteSnapshot } from './sqlite/backup.ts'
import type { Snapshot } from './tables.ts'

/** Reads the ledger of a PostgreSQL database or of a data folder while hubs are writing to it. */
export async function openSnapshot(
  database: Secret | undefined,
  folder: string,
): Promise<Snapshot> {
  if (database === undefined) return sqliteSnapshot(folder)
  // A lazy import, because most hubs do not use PostgreSQL.
  const { postgresSnapshot } = await import('./postgres/backup.ts')
  return postgresSnapshot(database.reveal())
}
