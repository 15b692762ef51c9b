import { AppError } from '../domain/errors.ts'

/** One change of the schema. Never edited after its release; there are no down migrations. */
export type Migration = {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

/**
 * The migrations that a ledger of this version needs. Throws `schema-newer` when a newer program
 * made the ledger.
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

/** The migrations up to this version. Throws `schema-newer` when this program does not support it. */
export function migrationsTo(
  migrations: readonly Migration[],
  wanted: number,
): readonly Migration[] {
  const later = missingFrom(migrations, wanted)
  return migrations.filter((migration) => !later.includes(migration))
}
