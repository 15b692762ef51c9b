import type { z } from 'zod'
import type { Notification } from './port.ts'
import type { Statement } from './sql.ts'

/** An open transaction. Its changes are committed together or not at all. */
export type Tx = {
  /** The ledger's time in milliseconds since the epoch; constant during the transaction. */
  readonly now: number
  /** Returns the first row, parsed, or undefined if no row matches. */
  get<Row>(statement: Statement, row: z.ZodType<Row>): Promise<Row | undefined>
  all<Row>(statement: Statement, row: z.ZodType<Row>): Promise<readonly Row[]>
  /** @returns the number of changed rows */
  run(statement: Statement): Promise<number>
  /** Null on an engine that runs transactions serially (SQLite). */
  readonly advisoryLocks: AdvisoryLocks | null
  /**
   * SQL to append to a SELECT, so that it locks the rows that it finds and skips rows that other
   * transactions have locked. Empty on a serial engine.
   */
  readonly skipLocked: Statement
  /**
   * SQL to append to a SELECT, so that it locks the rows that it finds, and waits for those that
   * other transactions have locked. Empty on a serial engine.
   */
  readonly lockRows: Statement
  /**
   * SQL to append to a SELECT, so that the rows that it finds cannot be deleted until the
   * transaction ends. Empty on a serial engine.
   */
  readonly keepRows: Statement
  /**
   * SQL for a member of the object in a JSON column; NULL if the member is missing. The SQL type
   * depends on the engine, so callers cast the value. An array becomes its JSON text.
   */
  readonly jsonMember: (column: Statement, name: string) => Statement
  /** Sends a notification to subscribers after the commit; a rollback drops it. */
  notify(notification: Notification): void
}

/** Exclusive locks by name, released at the end of the transaction; see `advisory-locks.ts`. */
export type AdvisoryLocks = {
  /** Acquires these locks in this order, and waits for each. */
  acquire(names: readonly string[]): Promise<void>
  /**
   * Acquires these locks without waiting. Returns false if another transaction holds any of them,
   * or if this transaction has already tried `ADVISORY_LOCKS_MAX` locks. Even then, locks that were
   * acquired are kept until the transaction ends.
   */
  tryAcquire(names: readonly string[]): Promise<boolean>
}

/**
 * Runs transactions; each is durable when its promise resolves. Concurrent transactions are
 * isolated only by the locks they hold. A read that no lock protects sees what other transactions
 * have committed before the read (READ COMMITTED).
 */
export type Engine = {
  readonly transact: <Value>(work: (tx: Tx) => Promise<Value>) => Promise<Value>
  readonly subscribe: (listener: (notification: Notification) => void) => () => void
  [Symbol.asyncDispose](): Promise<void>
}
