import { AppError } from '../domain/errors.ts'

/** One step forward of the schema. Never edited once released; there is no way back. */
export type Migration = {
  readonly version: number
  readonly name: string
  readonly statements: readonly string[]
}

/**
 * The migrations that a ledger of this version still lacks. Throws `schema-newer` when it was made
 * by a newer program.
 */
export function missingFrom(migrations: readonly Migration[], found: number): readonly Migration[] {
  const known = migrations.at(-1)?.version ?? 0
  if (found > known) {
    throw new AppError(
      'schema-newer',
      `The ledger has schema version ${found}; this program knows versions up to ${known}.`,
      { details: { found, known } },
    )
  }
  return migrations.filter(({ version }) => version > found)
}

/** Those that lead to a ledger of this version. Throws `schema-newer` when it is not known here. */
export function migrationsTo(
  migrations: readonly Migration[],
  wanted: number,
): readonly Migration[] {
  const later = missingFrom(migrations, wanted)
  return migrations.filter((migration) => !later.includes(migration))
}
