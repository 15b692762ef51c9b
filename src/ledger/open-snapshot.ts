import type { Secret } from '../domain/secret.ts'
import { sqliteSnapshot } from './sqlite/backup.ts'
import type { Snapshot } from './tables.ts'

/** Reads the ledger of a PostgreSQL database, or of a data folder, beside the hubs that write it. */
export async function openSnapshot(
  database: Secret | undefined,
  folder: string,
): Promise<Snapshot> {
  if (database === undefined) return sqliteSnapshot(folder)
  // Loaded only here: most hubs have no use for it.
  const { postgresSnapshot } = await import('./postgres/backup.ts')
  return postgresSnapshot(database.reveal())
}
