import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { MIGRATIONS as ON_POSTGRES } from '../../src/ledger/postgres/migrations/all.ts'
import { migrate } from '../../src/ledger/sqlite/migrate.ts'
import { MIGRATIONS } from '../../src/ledger/sqlite/migrations/all.ts'
import { TABLES } from '../../src/ledger/tables.ts'

/** Tables that a restore need not fill: triggers, the readiness check and migrations do. */
const MADE_ANEW = ['job_count', 'probe', 'migration']
const Named = z.object({ name: z.string() })

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : 1

describe('a backup', () => {
  it('includes every table and column', () => {
    using database = new DatabaseSync(':memory:')
    migrate(database, MIGRATIONS, 0)
    const namesFrom = (query: string): readonly string[] =>
      database
        .prepare(query)
        .all()
        .map((row) => Named.parse(row).name)

    const tables = namesFrom(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
    ).filter((name) => !MADE_ANEW.includes(name))

    // Generated columns are not listed by table_info, and are not backed up.
    const there = tables.map((name) => ({
      name,
      columns: namesFrom(`SELECT name FROM pragma_table_info('${name}')`).toSorted(),
    }))
    const kept = TABLES.map(({ name, columns }) => ({ name, columns: columns.toSorted() }))
    expect(kept.toSorted(byName)).toEqual(there.toSorted(byName))
  })

  it('of one engine has the same schema versions as that of the other', () => {
    const versions = ON_POSTGRES.map(({ version, name }) => [version, name])
    expect(versions).toEqual(MIGRATIONS.map(({ version, name }) => [version, name]))
  })
})
