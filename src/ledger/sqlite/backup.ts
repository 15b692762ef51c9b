import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { migrationsTo, missingFrom } from '../migration.ts'
import { render } from '../sql.ts'
import { type Refill, type Row, selectOf, type Snapshot, type Table, tablesOf } from '../tables.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'

const BUSY_MS = 10_000
const Value = z.union([z.string(), z.number(), z.null()])
const AnyRow = z.record(z.string(), Value)
const Count = z.object({ count: z.int() })
const Version = z.object({ version: z.int() })

/**
 * Opens a snapshot of the ledger in a data folder while its hub may be running. Throws
 * `schema-newer`.
 */
export function sqliteSnapshot(folder: string): Snapshot {
  const database = new DatabaseSync(join(folder, 'ledger.db'), { readOnly: true, timeout: BUSY_MS })
  return closeOnError(database, () => {
    // The first read fixes the snapshot that all later reads see.
    database.exec('BEGIN')
    const version = database.prepare('SELECT max(version) AS version FROM migration').get()
    const schemaVersion = Version.parse(version).version
    missingFrom(MIGRATIONS, schemaVersion)
    return {
      schemaVersion,
      rows: async function* rows(table: Table): AsyncGenerator<Row> {
        for (const row of database.prepare(selectOf(table)).iterate()) yield AnyRow.parse(row)
      },
      all: async (statement, row) => {
        const { text, values } = render(statement, () => '?')
        return database
          .prepare(text)
          .all(...values)
          .map((found) => row.parse(found))
      },
      [Symbol.asyncDispose]: async () => database.close(),
    }
  })
}

/**
 * Opens or creates the ledger in a data folder, so that a backup can be restored into it. Migrates
 * the ledger to this schema version. Throws `restore-not-empty`, and `schema-newer` if the ledger
 * already has a later version.
 * @param at recorded as the time of the migrations, in milliseconds since the epoch
 */
export function sqliteRefill(folder: string, schemaVersion: number, at: number): Refill {
  const path = join(folder, 'ledger.db')
  const database = new DatabaseSync(path)
  return closeOnError(database, () => {
    chmodSync(path, 0o600)
    migrate(database, migrationsTo(MIGRATIONS, schemaVersion), at)
    database.exec('BEGIN IMMEDIATE')
    const { count } = Count.parse(
      database
        .prepare('SELECT (SELECT count(*) FROM job) + (SELECT count(*) FROM token) AS count')
        .get(),
    )
    if (count > 0) {
      throw new AppError('restore-not-empty', `The ledger in ${folder} is not empty.`)
    }
    const tables = tablesOf({ schemaVersion }).toReversed()
    for (const { name } of tables) database.exec(`DELETE FROM ${name}`)
    return refill(database)
  })
}

const refill = (database: DatabaseSync): Refill => ({
  insert: async ({ name, columns }, rows) => {
    const holes = columns.map(() => '?').join(', ')
    const query = database.prepare(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${holes})`)
    for (const row of rows) query.run(...columns.map((column) => row[column] ?? null))
  },
  commit: async () => database.exec('COMMIT'),
  [Symbol.asyncDispose]: async () => database.close(),
})

/**
 * Closes the database if `begin` fails, because the caller then has no handle with which to close
 * it.
 */
function closeOnError<Value>(database: DatabaseSync, begin: () => Value): Value {
  try {
    return begin()
  } catch (error) {
    database.close()
    throw error
  }
}
