import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Who may change what where transactions run side by side. A job's name covers its rows and
 * events; a key's name covers its lock and the waiting of all jobs that need it. A transaction
 * holds the names before it reads what it decides by. Nobody waits in a circle:
 *
 * - names are asked for in one order: a request, then one job, then its keys by their letters;
 * - whoever takes jobs as they come (claim, expire, tidy) never waits for a name, but passes on. A
 *   claim that found nothing else begins again by waiting for one job, like whoever knows its job;
 * - the row of a new job is inserted when all names are held: whoever brings the same id waits there;
 * - a submission may name a thousand uploads, so it locks their rows (`keepRows`) instead of names, in
 *   the order of their digests. Who forgets uploads passes over locked rows;
 * - what a transaction decides by one row and writes to that row alone needs no name: its guard does.
 */

/**
 * Names that a transaction takes as it goes from job to job; then it ends, and another goes on.
 * Bounds how long others wait for it, and what it takes of the 6400 locks that all transactions
 * share on a PostgreSQL whose settings nobody changed: with the last job's keys (64), and a job
 * waited for (65), those of two hubs with nine connections each fit.
 */
export const NAMES_MAX = 200

/** Holds one job. */
export async function holdJob(tx: Tx, jobId: JobId): Promise<void> {
  await tx.names?.hold([jobName(jobId)])
}

/** Holds one job and its keys, because who waits for them may change too. */
export async function holdJobAndKeys(tx: Tx, jobId: JobId): Promise<void> {
  if (tx.names === null) return
  await tx.names.hold(namesOf({ id: jobId, locks: await locksOf(tx, jobId) }))
}

/** Holds keys before a job that needs them exists. */
export async function holdKeys(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await tx.names?.hold(keys.toSorted().map(keyName))
}

/** Holds a request, so that the same one at the same moment finds what this one has made. */
export async function holdRequest(tx: Tx, request: string): Promise<void> {
  await tx.names?.hold([`request ${request}`])
}

/** Holds one job and its keys unless somebody else holds any of them. */
export async function tryHoldJob(tx: Tx, jobId: JobId): Promise<boolean> {
  if (tx.names === null) return true
  return await tx.names.tryHold(namesOf({ id: jobId, locks: await locksOf(tx, jobId) }))
}

/** The same for a job whose keys are known, or beside the point. */
export const tryHold = async (tx: Tx, job: Holdable): Promise<boolean> =>
  tx.names === null || (await tx.names.tryHold(namesOf(job)))

type Holdable = { readonly id: JobId; readonly locks: readonly string[] }

const jobName = (jobId: JobId): string => `job ${jobId}`
const keyName = (key: string): string => `key ${key}`

/** What is held for a job and its keys. */
export const namesOf = ({ id, locks }: Holdable): readonly string[] => [
  jobName(id),
  ...locks.toSorted().map(keyName),
]

const Locks = z.object({ locks: json(z.array(z.string())) })

/** They never change. */
async function locksOf(tx: Tx, jobId: JobId): Promise<readonly string[]> {
  const row = await tx.get(sql`SELECT locks FROM job WHERE id = ${jobId}`, Locks)
  return row?.locks ?? []
}
