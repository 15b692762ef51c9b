import type { Client } from 'pg'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { migrationsTo, missingFrom } from '../migration.ts'
import { render } from '../sql.ts'
import { type Refill, selectOf, type Snapshot, type Table, tablesOf } from '../tables.ts'
import { connectOnce, withoutPassword } from './connections.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { toOpeningError } from './postgres-error.ts'

const ROWS_PER_FETCH = 500
const Value = z.union([z.string(), z.number(), z.null()])
const Rows = z.array(z.record(z.string(), Value))
const Count = z.tuple([z.object({ count: z.number() })])
const Version = z.tuple([z.object({ version: z.number() })])

/**
 * Opens a snapshot of a ledger while hubs may be writing to it. Throws `ledger-refused`,
 * `ledger-unavailable` or `schema-newer`.
 */
export async function postgresSnapshot(url: string): Promise<Snapshot> {
  const client = await connect(url)
  const schemaVersion = await closeOnError(client, url, async () => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const { rows } = await client.query('SELECT max(version) AS version FROM migration')
    const { version } = Version.parse(rows)[0]
    missingFrom(MIGRATIONS, version)
    return version
  })
  return {
    schemaVersion,
    rows: async function* all(table: Table) {
      await client.query(`DECLARE ${table.name}_rows CURSOR FOR ${selectOf(table)}`)
      for (;;) {
        const answer = await client.query(`FETCH ${ROWS_PER_FETCH} FROM ${table.name}_rows`)
        const page = Rows.parse(answer.rows)
        if (page.length === 0) break
        yield* page
      }
      await client.query(`CLOSE ${table.name}_rows`)
    },
    all: async (statement, row) => {
      const { text, values } = render(statement, (n) => `$${n}`)
      const answer = await client.query(text, [...values])
      return answer.rows.map((found) => row.parse(found))
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/**
 * Opens an empty ledger to restore into and migrates it to this schema version. Throws
 * `restore-not-empty`, `ledger-refused` or `ledger-unavailable`, and `schema-newer` if the ledger
 * already has a later version.
 */
export async function postgresRefill(url: string, schemaVersion: number): Promise<Refill> {
  const client = await connect(url)
  await closeOnError(client, url, async () => {
    await migrate(client, migrationsTo(MIGRATIONS, schemaVersion))
    await client.query('BEGIN')
    const { rows } = await client.query(
      'SELECT (SELECT count(*) FROM job) + (SELECT count(*) FROM token) AS count',
    )
    if (Count.parse(rows)[0].count > 0) {
      throw new AppError('restore-not-empty', `The ledger ${withoutPassword(url)} is not empty.`)
    }
    const tables = tablesOf({ schemaVersion }).toReversed()
    for (const { name } of tables) await client.query(`DELETE FROM ${name}`)
  })
  return {
    insert: (table, rows) => insert(client, table, rows),
    commit: async () => {
      await client.query(
        `SELECT setval(pg_get_serial_sequence('job', 'number'), coalesce(max(number), 1)) FROM job`,
      )
      await client.query('COMMIT')
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/**
 * Closes the connection if `begin` fails, because the caller then has no handle with which to close
 * it.
 */
async function closeOnError<Value>(
  client: Client,
  url: string,
  begin: () => Promise<Value>,
): Promise<Value> {
  try {
    return await begin()
  } catch (error) {
    await client.end()
    throw toOpeningError(error, withoutPassword(url))
  }
}

async function insert(
  client: Client,
  { name, columns }: Table,
  rows: Parameters<Refill['insert']>[1],
): Promise<void> {
  const holes = columns.map((_, index) => `$${index + 1}`).join(', ')
  const text = `INSERT INTO ${name} (${columns.join(', ')}) OVERRIDING SYSTEM VALUE VALUES (${holes})`
  for (const row of rows) {
    await client.query({
      name: `restore-${name}`,
      text,
      values: columns.map((column) => row[column]),
    })
  }
}

async function connect(url: string): Promise<Client> {
  try {
    return await connectOnce(url)
  } catch (error) {
    throw toOpeningError(error, withoutPassword(url))
  }
}
