import { AppError } from '../domain/errors.ts'

/** One schema change. It is never edited after its release, and there are no down migrations. */
export type Migration = {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

/**
 * Returns the migrations that a ledger with schema version `found` still needs. Throws
 * `schema-newer` if a newer program has migrated the ledger.
 */
export function missingFrom(migrations: readonly Migration[], found: number): readonly Migration[] {
  const known = migrations.at(-1)?.version ?? 0
  if (found > known) {
    throw new AppError(
      'schema-newer',
      `The ledger has schema version ${found}; this program supports versions up to ${known}.`,
      { details: { found, known } },
    )
  }
  return migrations.filter(({ version }) => version > found)
}

/**
 * Returns the migrations up to version `wanted`. Throws `schema-newer` if this program does not
 * support that version.
 */
export function migrationsTo(
  migrations: readonly Migration[],
  wanted: number,
): readonly Migration[] {
  const later = missingFrom(migrations, wanted)
  return migrations.filter((migration) => !later.includes(migration))
}
