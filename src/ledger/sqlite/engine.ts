import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { Listeners, Notifications } from '../listeners.ts'
import { isValue, render, sql, type SqlValue, type Statement } from '../sql.ts'
import type { Engine, Tx } from '../transaction.ts'
import { isSqliteError } from './sqlite-error.ts'

/**
 * Maximum number of transactions that share a commit, so that a batch does not block the event loop
 * for long.
 */
const BATCH_MAX = 32
/**
 * Maximum number of statements in the prepared-statement cache whose key is the SQL text. When this
 * cache is full, it is emptied.
 */
const PREPARED_MAX = 500

const NOTHING = sql``

/** A queued transaction. */
type Waiting = {
  /**
   * Runs the work in the open transaction. Returns a function that resolves the caller's promise
   * and must be called after the commit.
   */
  run(): Promise<() => void>
  fail(error: unknown): void
}

/**
 * Runs transactions serially on one connection. Transactions that are queued at the same time share
 * one commit (group commit), each in its own savepoint, so that one fsync serves them all. The
 * promise of each transaction resolves after the commit.
 */
export function sqliteEngine(database: DatabaseSync, now: () => number): Engine {
  const waiting: Waiting[] = []
  const listeners = new Listeners()
  const prepared = preparer(database)
  let working: Promise<void> | null = null
  let closed = false

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      // Transactions that are queued in the same turn of the event loop join this commit.
      await nextTurn()
      await commitBatch(database, waiting.splice(0, BATCH_MAX))
    }
    working = null
  }

  return {
    transact: (body) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new AppError('hub-stopping', 'The ledger is closed.'))
          return
        }
        const run = async () => {
          const notifications = new Notifications()
          const value = await inSavepoint(database, () =>
            body(openTx(prepared, now(), notifications)),
          )
          return () => {
            resolve(value)
            listeners.notify(notifications.all)
          }
        }
        waiting.push({ run, fail: reject })
        working ??= work()
      }),
    subscribe: (listener) => listeners.add(listener),
    [Symbol.asyncDispose]: async () => {
      closed = true
      await working
      if (database.isOpen) database.close()
    },
  }
}

async function commitBatch(database: DatabaseSync, batch: readonly Waiting[]): Promise<void> {
  const answers: (() => void)[] = []
  try {
    database.exec('BEGIN IMMEDIATE')
    for (const one of batch) answers.push(await answerOf(database, one))
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    for (const one of batch) one.fail(toAppError(error))
    return
  }
  for (const answer of answers) answer()
}

async function answerOf(database: DatabaseSync, one: Waiting): Promise<() => void> {
  try {
    return await one.run()
  } catch (error) {
    // On some errors, such as a full disk, SQLite rolls back the outer transaction. In that case
    // the whole batch fails.
    if (!database.isTransaction) throw error
    return () => one.fail(toAppError(error))
  }
}

async function inSavepoint<Value>(
  database: DatabaseSync,
  body: () => Promise<Value>,
): Promise<Value> {
  database.exec('SAVEPOINT one')
  try {
    const value = await body()
    database.exec('RELEASE one')
    return value
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK TO one; RELEASE one')
    throw error
  }
}

function openTx(prepared: Preparer, now: number, notifications: Notifications): Tx {
  return {
    now,
    get: async (statement, row) => {
      const { query, values } = prepared(statement)
      const found = query.get(...values)
      return found === undefined ? undefined : row.parse(found)
    },
    all: async <Row>(statement: Statement, row: z.ZodType<Row>) => {
      const { query, values } = prepared(statement)
      return query.all(...values).map((found) => row.parse(found))
    },
    run: async (statement) => {
      const { query, values } = prepared(statement)
      return Number(query.run(...values).changes)
    },
    advisoryLocks: null,
    skipLocked: NOTHING,
    lockRows: NOTHING,
    keepRows: NOTHING,
    jsonMember: (column, name) => sql`json_extract(${column}, ${`$.${name}`})`,
    notify: (notification) => notifications.add(notification),
  }
}

type Preparer = (statement: Statement) => {
  readonly query: StatementSync
  readonly values: readonly SqlValue[]
}

/**
 * Caches prepared statements. The cache key is the template's array of strings, which is fast to
 * look up, or the SQL text if nested statements make the text vary.
 */
function preparer(database: DatabaseSync): Preparer {
  const byTemplate = new WeakMap<readonly string[], StatementSync>()
  const byText = new Map<string, StatementSync>()

  return (statement) => {
    const known = byTemplate.get(statement.strings)
    // Only statements without nested statements are cached by template, so `filter` removes
    // nothing; it only narrows the type.
    if (known !== undefined) return { query: known, values: statement.values.filter(isValue) }

    const { text, values } = render(statement, () => '?')
    const query = byText.get(text) ?? database.prepare(text)
    if (statement.values.every(isValue)) byTemplate.set(statement.strings, query)
    else {
      if (byText.size >= PREPARED_MAX) byText.clear()
      byText.set(text, query)
    }
    return { query, values }
  }
}

/**
 * Converts an error that an operator can fix to an `AppError`. Returns any other error unchanged,
 * because it is a bug.
 */
function toAppError(error: unknown): unknown {
  if (isSqliteError(error, 'full')) {
    return new AppError('disk-full', 'The disk that holds the ledger is full.', { cause: error })
  }
  return error
}
