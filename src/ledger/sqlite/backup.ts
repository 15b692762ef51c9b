import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { type Refill, type Row, selectOf, type Snapshot, type Table } from '../tables.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'

const BUSY_MS = 10_000
const Value = z.union([z.string(), z.number(), z.null()])
const AnyRow = z.record(z.string(), Value)
const Count = z.object({ count: z.int() })
const Version = z.object({ version: z.int() })

/** Reads the ledger of a data folder, beside the hub that owns it. */
export function sqliteSnapshot(folder: string): Snapshot {
  const database = new DatabaseSync(join(folder, 'ledger.db'), { readOnly: true, timeout: BUSY_MS })
  // The first read of the transaction fixes what all others see.
  database.exec('BEGIN')
  const version = database.prepare('SELECT max(version) AS version FROM migration').get()
  return {
    schemaVersion: Version.parse(version).version,
    rows: async function* rows(table: Table): AsyncGenerator<Row> {
      for (const row of database.prepare(selectOf(table)).iterate()) yield AnyRow.parse(row)
    },
    [Symbol.asyncDispose]: async () => database.close(),
  }
}

/** Opens the ledger of a data folder for a restore. Throws `restore-not-empty`. */
export function sqliteRefill(folder: string, at: number): Refill {
  const path = join(folder, 'ledger.db')
  const database = new DatabaseSync(path)
  chmodSync(path, 0o600)
  migrate(database, MIGRATIONS, at)
  database.exec('BEGIN IMMEDIATE')
  const { count } = Count.parse(
    database
      .prepare('SELECT (SELECT count(*) FROM job) + (SELECT count(*) FROM token) AS count')
      .get(),
  )
  if (count > 0) {
    database.close()
    throw new AppError('restore-not-empty', `The ledger in ${folder} is not empty.`)
  }
  database.exec('DELETE FROM store')
  return {
    insert: async ({ name, columns }, rows) => {
      const holes = columns.map(() => '?').join(', ')
      const query = database.prepare(
        `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${holes})`,
      )
      for (const row of rows) query.run(...columns.map((column) => row[column] ?? null))
    },
    commit: async () => database.exec('COMMIT'),
    [Symbol.asyncDispose]: async () => database.close(),
  }
}
