import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Advisory locks, which keep transactions apart on PostgreSQL. On SQLite nothing is locked here:
 * there is one write transaction at a time. They are not the lock keys of a job (`lock-keys.ts`):
 * they end with their transaction.
 *
 * A job's lock covers its rows and events; a key's lock covers who holds the key and the waiting of
 * all jobs that need it. A transaction takes the locks before it reads what it decides by. Locks are
 * taken in one order, so no two transactions deadlock:
 *
 * - first a request, then one job, then its keys by their letters;
 * - whoever takes jobs as they come (claim, expire, tidy) never waits for a lock, but passes on. A
 *   claim that found nothing else begins again by waiting for one job, like whoever knows its job;
 * - the row of a new job is inserted when all locks are taken: whoever brings the same id waits there;
 * - a submission may name a thousand uploads, so it locks their rows (`keepRows`) instead, in the
 *   order of their digests. Who forgets uploads passes over locked rows;
 * - what a transaction decides by one row and writes to that row alone needs no lock: its guard does.
 */

/**
 * Locks that a transaction takes as it goes from job to job; then it ends, and another goes on.
 * Bounds how long others wait for it, and what it takes of the 6400 locks that all transactions
 * share on a PostgreSQL whose settings nobody changed: with the last job's keys (64), and a job
 * waited for (65), those of two hubs with nine connections each fit.
 */
export const ADVISORY_LOCKS_MAX = 200

/** Locks one job. */
export async function lockJob(tx: Tx, jobId: JobId): Promise<void> {
  await tx.advisoryLocks?.acquire([jobName(jobId)])
}

/** Locks one job and its keys, because who waits for them may change too. */
export async function lockJobAndKeys(tx: Tx, jobId: JobId): Promise<void> {
  if (tx.advisoryLocks === null) return
  await tx.advisoryLocks.acquire(lockNamesOf({ id: jobId, locks: await locksOf(tx, jobId) }))
}

/** Locks keys before a job that needs them exists. */
export async function lockEachKey(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await tx.advisoryLocks?.acquire(keys.toSorted().map(keyName))
}

/** Locks a request, so that the same one at the same moment finds what this one has made. */
export async function lockRequest(tx: Tx, request: string): Promise<void> {
  await tx.advisoryLocks?.acquire([`request ${request}`])
}

/** Locks one job and its keys, unless another transaction has any of these locks. */
export async function tryLockJobAndKeys(tx: Tx, jobId: JobId): Promise<boolean> {
  if (tx.advisoryLocks === null) return true
  return await tx.advisoryLocks.tryAcquire(
    lockNamesOf({ id: jobId, locks: await locksOf(tx, jobId) }),
  )
}

/** The same for a job whose keys are known, or beside the point. */
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

/** They never change. */
async function locksOf(tx: Tx, jobId: JobId): Promise<readonly string[]> {
  const row = await tx.get(sql`SELECT locks FROM job WHERE id = ${jobId}`, Locks)
  return row?.locks ?? []
}
