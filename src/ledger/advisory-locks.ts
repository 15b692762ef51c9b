import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Advisory locks isolate transactions on PostgreSQL. On SQLite the functions in this file acquire
 * nothing, because SQLite runs one write transaction at a time. Do not confuse an advisory lock
 * with a job's lock key (`lock-keys.ts`): an advisory lock is released when its transaction ends.
 *
 * The advisory lock of a job protects the job's rows and events. The advisory lock of a lock key
 * protects the record of which job holds the key, and the queue of jobs that wait for the key. A
 * transaction acquires its locks before it reads the rows on which it bases a decision. Locks are
 * always acquired in the same order, so no two transactions deadlock:
 *
 * - A transaction first acquires the lock of an idempotency key, then that of one job, then those
 *   of the job's lock keys in alphabetical order.
 * - Transactions that scan for jobs (such as `claim`, `expire` and `tidyLocks`) skip locked jobs
 *   instead of waiting. There is one exception: if a claim finds nothing but locked jobs, the next
 *   claim transaction begins by waiting for one of them, before it acquires any other advisory
 *   lock.
 * - A new job's row is inserted after all locks are acquired, because the insert waits for any
 *   other transaction that inserts the same id.
 * - A submission can name a thousand uploads. It takes no advisory locks for them, but locks their
 *   rows (`keepRows`) in the order of their digests. `forgetBlobs` skips locked rows.
 * - A transaction that reads and writes a single row needs no advisory lock: the condition in its
 *   UPDATE is enough.
 */

/**
 * A transaction that scans for jobs stops trying advisory locks once it has tried at least this
 * many; the scan continues in a new transaction. This limits how long other transactions wait, and
 * how many entries one transaction uses in PostgreSQL's lock table (6400 by default). The worst
 * case is 200 locks, plus 64 for the keys of the last job, plus 65 for a job that a claim waited
 * for: 329. Two hubs with nine connections each (18 × 329 = 5922) stay below 6400.
 */
export const ADVISORY_LOCKS_MAX = 200

/** Acquires the advisory lock of one job. Waits if another transaction holds it. */
export async function lockJob(tx: Tx, jobId: JobId): Promise<void> {
  await tx.advisoryLocks?.acquire([jobName(jobId)])
}

/**
 * Acquires the advisory locks of one job and of its lock keys. For transactions that can also
 * change the queue of a key. Waits if another transaction holds one of the locks.
 */
export async function lockJobAndKeys(tx: Tx, jobId: JobId): Promise<void> {
  if (tx.advisoryLocks === null) return
  await tx.advisoryLocks.acquire(lockNamesOf({ id: jobId, locks: await locksOf(tx, jobId) }))
}

/** Acquires the advisory locks of the lock keys of a job that is about to be inserted. */
export async function lockEachKey(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await tx.advisoryLocks?.acquire(keys.toSorted().map(keyName))
}

/**
 * Acquires the advisory lock of an idempotency key. A concurrent submission with the same key then
 * waits, and finds the job that this submission created.
 */
export async function lockRequest(tx: Tx, request: string): Promise<void> {
  await tx.advisoryLocks?.acquire([`request ${request}`])
}

/**
 * Like `lockJobAndKeys`, but never waits. Returns false if another transaction holds any of the
 * locks, or if this transaction has already tried `ADVISORY_LOCKS_MAX` locks.
 */
export async function tryLockJobAndKeys(tx: Tx, jobId: JobId): Promise<boolean> {
  if (tx.advisoryLocks === null) return true
  return await tx.advisoryLocks.tryAcquire(
    lockNamesOf({ id: jobId, locks: await locksOf(tx, jobId) }),
  )
}

/**
 * Like `tryLockJobAndKeys`, but the caller passes the lock keys. With an empty list, locks the job
 * alone.
 */
export const tryLock = async (tx: Tx, job: Lockable): Promise<boolean> =>
  tx.advisoryLocks === null || (await tx.advisoryLocks.tryAcquire(lockNamesOf(job)))

type Lockable = { readonly id: JobId; readonly locks: readonly string[] }

const jobName = (jobId: JobId): string => `job ${jobId}`
const keyName = (key: string): string => `key ${key}`

/** The names of the advisory locks of a job and its keys. */
export const lockNamesOf = ({ id, locks }: Lockable): readonly string[] => [
  jobName(id),
  ...locks.toSorted().map(keyName),
]

const Locks = z.object({ locks: json(z.array(z.string())) })

/** Reads a job's lock keys. No lock is needed to read them, because they never change. */
async function locksOf(tx: Tx, jobId: JobId): Promise<readonly string[]> {
  const row = await tx.get(sql`SELECT locks FROM job WHERE id = ${jobId}`, Locks)
  return row?.locks ?? []
}
