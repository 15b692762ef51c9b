import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { noProbe, type Probe } from '../../domain/probe.ts'
import { type Migration, missingFrom } from '../migration.ts'

const Version = z.object({ version: z.int() })

/**
 * Applies the missing migrations. Each migration is applied in one transaction that also inserts
 * its row in the table `migration`, so a crash never leaves a migration half applied. Throws
 * `schema-newer` if a newer program has migrated the file.
 * @param at recorded as the time of the migrations, in milliseconds since the epoch
 * @returns how many migrations were missing
 */
export function migrate(
  database: DatabaseSync,
  migrations: readonly Migration[],
  at: number,
  probe: Probe = noProbe,
): number {
  database.exec(
    `CREATE TABLE IF NOT EXISTS migration (
      version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)`,
  )
  const found = Version.parse(
    database.prepare('SELECT coalesce(max(version), 0) AS version FROM migration').get(),
  ).version
  const missing = missingFrom(migrations, found)
  for (const migration of missing) apply(database, migration, { at, probe })
  return missing.length
}

function apply(
  database: DatabaseSync,
  migration: Migration,
  { at, probe }: { readonly at: number; readonly probe: Probe },
): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const statement of migration.statements) database.exec(statement)
    database
      .prepare('INSERT INTO migration (version, name, applied_at) VALUES (?, ?, ?)')
      .run(migration.version, migration.name, at)
    void probe('migrating')
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
