import type { z } from 'zod'
import type { Notification } from './port.ts'
import type { Statement } from './sql.ts'

/** One transaction on some engine: all of it happens or nothing. */
export type Tx = {
  /** The ledger's time, one instant for the whole transaction, in milliseconds since the epoch. */
  readonly now: number
  /** The first row, parsed. */
  get<Row>(statement: Statement, row: z.ZodType<Row>): Promise<Row | undefined>
  all<Row>(statement: Statement, row: z.ZodType<Row>): Promise<readonly Row[]>
  /** How many rows it changed. */
  run(statement: Statement): Promise<number>
  /** Null where transactions run one after the other anyway. */
  readonly advisoryLocks: AdvisoryLocks | null
  /** After a SELECT: passes over rows that another transaction works on. Empty where there is none. */
  readonly skipLocked: Statement
  /** After a SELECT: no other transaction deletes these rows before this one ends. Empty likewise. */
  readonly keepRows: Statement
  /** Heard by subscribers after the commit, and never without it. */
  notify(notification: Notification): void
}

/** Locks by name, each taken by one transaction at a time, to its end; see `advisory-locks.ts`. */
export type AdvisoryLocks = {
  /** Waits until no other transaction has any of them. */
  acquire(names: readonly string[]): Promise<void>
  /**
   * Takes them without waiting, and says whether it has all of them. Otherwise those it could take
   * stay taken to the end. Says no, too, once a transaction has asked for `ADVISORY_LOCKS_MAX`.
   */
  tryAcquire(names: readonly string[]): Promise<boolean>
}

/**
 * Where transactions run, each durable once answered. Where they run side by side, what keeps them
 * apart are the advisory locks they take; beyond these, one sees what others have committed meanwhile.
 */
export type Engine = {
  readonly transact: <Value>(work: (tx: Tx) => Promise<Value>) => Promise<Value>
  readonly subscribe: (listener: (notification: Notification) => void) => () => void
  [Symbol.asyncDispose](): Promise<void>
}
