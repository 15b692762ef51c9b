import type { z } from 'zod'
import type { Notification } from './port.ts'
import type { Statement } from './sql.ts'

/** One atomic transaction. */
export type Tx = {
  /** The ledger's time in milliseconds since the epoch; constant during the transaction. */
  readonly now: number
  /** The first row, parsed; undefined when there is none. */
  get<Row>(statement: Statement, row: z.ZodType<Row>): Promise<Row | undefined>
  all<Row>(statement: Statement, row: z.ZodType<Row>): Promise<readonly Row[]>
  /** @returns the number of changed rows */
  run(statement: Statement): Promise<number>
  /** Null on an engine that runs transactions serially. */
  readonly advisoryLocks: AdvisoryLocks | null
  /** Suffix of a SELECT that locks its rows and skips rows locked by others. Empty on a serial engine. */
  readonly skipLocked: Statement
  /** Suffix of a SELECT that protects its rows from deletion until the end. Empty on a serial engine. */
  readonly keepRows: Statement
  /** Sent to subscribers after the commit; dropped on rollback. */
  notify(notification: Notification): void
}

/** Exclusive locks by name, released at the end of the transaction; see `advisory-locks.ts`. */
export type AdvisoryLocks = {
  /** Waits for and takes all of them, in this order. */
  acquire(names: readonly string[]): Promise<void>
  /**
   * Takes them without waiting. False when any is taken by another transaction, or when this one has
   * already tried `ADVISORY_LOCKS_MAX` locks. Locks taken before a false answer stay taken.
   */
  tryAcquire(names: readonly string[]): Promise<boolean>
}

/**
 * Runs transactions; each is durable when its promise resolves. Concurrent transactions are isolated
 * only by the advisory locks they hold; reads outside these are READ COMMITTED.
 */
export type Engine = {
  readonly transact: <Value>(work: (tx: Tx) => Promise<Value>) => Promise<Value>
  readonly subscribe: (listener: (notification: Notification) => void) => () => void
  [Symbol.asyncDispose](): Promise<void>
}
