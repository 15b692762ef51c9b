import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { noProbe, type Probe } from '../../domain/probe.ts'
import { type Migration, missingFrom } from '../migration.ts'

const Version = z.object({ version: z.int() })

/**
 * Brings the schema to the newest version. Each migration is one transaction together with the
 * row that says it is done, so a kill at any moment leaves the version before or after it.
 * Throws `schema-newer` when the file was made by a newer program.
 * @param at milliseconds since the epoch, kept with the version
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
