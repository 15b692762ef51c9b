import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Advisory locks, which isolate transactions on PostgreSQL. On SQLite these functions do nothing:
 * it runs one write transaction at a time. They are not the lock keys of a job (`lock-keys.ts`):
 * an advisory lock lasts until the end of its transaction.
 *
 * A job's lock covers its rows and events; a key's lock covers the holder of the key and its queue of
 * waiting jobs. A transaction acquires its locks before it reads the rows that it decides by. Locks
 * are always acquired in one order, so no two transactions deadlock:
 *
 * - first a request, then one job, then its keys in alphabetical order;
 * - transactions that scan for jobs (claim, expire, tidy) never wait for a lock: they skip the locked
 *   job. A claim that found only locked jobs runs again and first waits for one of them;
 * - the row of a new job is inserted after all locks are acquired, because the insert waits for any
 *   transaction that inserts the same id;
 * - a submission may name a thousand uploads, so it locks their rows (`keepRows`) instead, in the
 *   order of their digests. `forgetBlobs` skips locked rows;
 * - a transaction that reads and writes a single row needs no lock: the condition in its UPDATE is
 *   enough.
 */

/**
 * After this many locks a transaction that scans for jobs ends, and the next one continues. Bounds
 * how long others wait, and the entries it takes in PostgreSQL's lock table (6400 by default). With the
 * keys of the last job (64) and the locks of a job that it waited for (65), the transactions of two
 * hubs with nine connections each fit.
 */
export const ADVISORY_LOCKS_MAX = 200

/** Locks one job. */
export async function lockJob(tx: Tx, jobId: JobId): Promise<void> {
  await tx.advisoryLocks?.acquire([jobName(jobId)])
}

/** Locks one job and its keys, for transactions that may also change the queue of a key. */
export async function lockJobAndKeys(tx: Tx, jobId: JobId): Promise<void> {
  if (tx.advisoryLocks === null) return
  await tx.advisoryLocks.acquire(lockNamesOf({ id: jobId, locks: await locksOf(tx, jobId) }))
}

/** Locks the keys of a job that does not exist yet. */
export async function lockEachKey(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await tx.advisoryLocks?.acquire(keys.toSorted().map(keyName))
}

/** Locks an idempotency key, so that a concurrent request with it finds the job of this one. */
export async function lockRequest(tx: Tx, request: string): Promise<void> {
  await tx.advisoryLocks?.acquire([`request ${request}`])
}

/** Like `lockJobAndKeys`, but returns false instead of waiting when any of these locks is taken. */
export async function tryLockJobAndKeys(tx: Tx, jobId: JobId): Promise<boolean> {
  if (tx.advisoryLocks === null) return true
  return await tx.advisoryLocks.tryAcquire(
    lockNamesOf({ id: jobId, locks: await locksOf(tx, jobId) }),
  )
}

/** Like `tryLockJobAndKeys`, for a caller that knows the keys, or passes none to lock the job alone. */
export const tryLock = async (tx: Tx, job: Lockable): Promise<boolean> =>
  tx.advisoryLocks === null || (await tx.advisoryLocks.tryAcquire(lockNamesOf(job)))

type Lockable = { readonly id: JobId; readonly locks: readonly string[] }

const jobName = (jobId: JobId): string => `job ${jobId}`
const keyName = (key: string): string => `key ${key}`

/** The names of the locks of a job and its keys. */
export const lockNamesOf = ({ id, locks }: Lockable): readonly string[] => [
  jobName(id),
  ...locks.toSorted().map(keyName),
]

const Locks = z.object({ locks: json(z.array(z.string())) })

/** Reads the keys without a lock, because a job's keys never change. */
async function locksOf(tx: Tx, jobId: JobId): Promise<readonly string[]> {
  const row = await tx.get(sql`SELECT locks FROM job WHERE id = ${jobId}`, Locks)
  return row?.locks ?? []
}
