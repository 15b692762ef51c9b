import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Advisory locks isolate transactions on PostgreSQL. On SQLite the functions in this file do
 * nothing, because SQLite runs one write transaction at a time. Do not confuse an advisory lock
 * with a job's lock key (`lock-keys.ts`): an advisory lock is released when its transaction ends.
 *
 * A job's lock protects the job's rows and events. A key's lock protects the record of which job
 * holds the key, and the queue of jobs that wait for it. A transaction acquires its locks before it
 * reads the rows on which it bases a decision. Locks are always acquired in the same order, so no
 * two transactions deadlock:
 *
 * - first the lock of an idempotency key, then that of one job, then those of its keys in
 *   alphabetical order;
 * - transactions that scan for jobs (such as `claim`, `expire` and `tidyLocks`) skip locked jobs
 *   instead of waiting. Only if a claim finds nothing but locked jobs, it runs again and begins by
 *   waiting for one of them, before it acquires any other advisory lock;
 * - a new job's row is inserted after all locks are acquired, because the insert waits for any
 *   other transaction that inserts the same id;
 * - a submission may name a thousand uploads. It takes no advisory locks for them, but locks their
 *   rows (`keepRows`) in the order of their digests. `forgetBlobs` skips locked rows;
 * - a transaction that reads and writes a single row needs no lock: the condition in its UPDATE is
 *   enough.
 */

/**
 * A transaction that scans for jobs stops trying locks once it has tried this many; the scan
 * continues in a new transaction. This limits how long other transactions wait, and how many
 * entries one transaction uses in PostgreSQL's lock table (6400 by default). The worst case is 200
 * locks, plus 64 for the keys of the last job, plus 65 for a job that a claim waited for: 329. Two
 * hubs with nine connections each (18 × 329 = 5922) stay below 6400.
 */
export const ADVISORY_LOCKS_MAX = 200

/** Acquires the advisory lock of one job. Waits if another transaction holds it. */
export async function lockJob(tx: Tx, jobId: JobId): Promise<void> {
  await tx.advisoryLocks?.acquire([jobName(jobId)])
}

/**
 * Acquires the advisory locks of one job and of its lock keys, for transactions that may also
 * change the queue of a key. Waits if another transaction holds one of them.
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
 * Locks an idempotency key, so that a concurrent request with the same key waits and then finds the
 * job that this request created.
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
 * Like `tryLockJobAndKeys`, but the caller passes the keys. If it passes none, only the job is
 * locked.
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
