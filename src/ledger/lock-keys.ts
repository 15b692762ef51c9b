import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import { join, list, sql, type Statement } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Lock keys and the jobs that wait for them. A queued job that needs a held key is parked on that
 * key, and claims skip the job. When a key is released, the best waiting job of each lane is woken,
 * which means that claims consider the job again. Waking a single job would not be enough: if no
 * worker can serve its lane, the jobs of all other lanes would wait forever.
 *
 * Every transaction keeps these rules, so that no job waits forever for a free key:
 *
 * - A transaction parks a job only on a key that another job holds.
 * - `woken_for = k` is set only while k is free, and for at most one job per lane.
 * - While k is free and jobs of a lane wait for k, one job of that lane is woken. Therefore a job
 *   that takes k parks the other woken jobs again, and a woken job that leaves the queue without
 *   taking k wakes the next job of its lane.
 */

const Key = z.object({ key: z.string() })

/**
 * Returns the first of these keys that another job holds. Returns undefined if each key is free or
 * held by this job.
 */
export async function heldKey(
  tx: Tx,
  jobId: JobId,
  keys: readonly string[],
): Promise<string | undefined> {
  const [first, ...rest] = keys
  if (first === undefined) return undefined
  const held = await tx.get(
    sql`SELECT key FROM job_lock WHERE key IN (${list([first, ...rest])}) AND job_id <> ${jobId}
      ORDER BY key LIMIT 1`,
    Key,
  )
  return held?.key
}

/**
 * Takes keys for this attempt and parks the other jobs that were woken for these keys. The caller
 * must have checked with `heldKey` that no other job holds the keys.
 */
export async function takeKeys(tx: Tx, fence: Fence, keys: readonly string[]): Promise<void> {
  const [first, ...rest] = keys
  if (first === undefined) return
  const rows = keys.map((key) => sql`(${key}, ${fence.jobId}, ${fence.attempt})`)
  const taken = await tx.run(sql`
    INSERT INTO job_lock (key, job_id, attempt) VALUES ${join(rows, ', ')}
    ON CONFLICT (key) DO UPDATE SET attempt = excluded.attempt
      WHERE job_lock.job_id = excluded.job_id`)
  if (taken !== keys.length) throw new Error('a lock key is already held by another job')
  await tx.run(sql`
    UPDATE job SET parked_on = woken_for, woken_for = NULL
    WHERE woken_for IN (${list([first, ...rest])})`)
}

/** Releases all lock keys of the job. For each key, wakes the best waiting job of each lane. */
export async function releaseKeys(tx: Tx, jobId: JobId): Promise<void> {
  const released = await tx.all(
    sql`DELETE FROM job_lock WHERE job_id = ${jobId} RETURNING key`,
    Key,
  )
  for (const { key } of released) await wakeEachLane(tx, key)
}

/**
 * The columns of a job that are needed to park it or to wake the next job of its lane. `wokenFor`
 * is the key for which the job was woken; null if the job was not woken for a key.
 */
export type Waiter = { readonly id: JobId; readonly lane: string; readonly wokenFor: string | null }

/**
 * Parks a ready job on a key that another job holds. If the job had been woken for a key, wakes the
 * next job of the same lane that waits for that earlier key.
 */
export async function park(tx: Tx, waiter: Waiter, key: string): Promise<void> {
  await tx.run(sql`
    UPDATE job SET parked_on = ${key}, woken_for = NULL
    WHERE id = ${waiter.id}`)
  await wakeNextOfLane(tx, waiter)
}

/**
 * Wakes the next job of the lane that waits for the key for which `waiter` was woken. Does nothing
 * if `waiter` was not woken for a key. Call this function when `waiter` leaves the queue without
 * taking the key.
 */
export async function wakeNextOfLane(tx: Tx, waiter: Waiter): Promise<void> {
  if (waiter.wokenFor === null) return
  await wake(tx, bestWaiter(waiter.wokenFor, sql`${waiter.lane}`))
}

/** Wakes the best waiting job of each lane that has jobs waiting for this free key. */
async function wakeEachLane(tx: Tx, key: string): Promise<void> {
  await wake(
    tx,
    sql`
      WITH RECURSIVE waiting (lane) AS (
        SELECT min(lane) FROM job WHERE parked_on = ${key}
        UNION ALL
        SELECT (SELECT min(lane) FROM job WHERE parked_on = ${key} AND lane > waiting.lane)
        FROM waiting WHERE waiting.lane IS NOT NULL
      )
      SELECT (${bestWaiter(key, sql`waiting.lane`)}) FROM waiting`,
  )
}

/**
 * Selects the number of the best job of a lane that is parked on a key: the one with the highest
 * priority or, among equals, the one submitted first.
 */
export const bestWaiter = (key: string | Statement, lane: Statement): Statement => sql`
  SELECT number FROM job WHERE parked_on = ${key} AND lane = ${lane}
  ORDER BY priority DESC, number LIMIT 1`

/** Unparks the jobs whose numbers the statement `numbers` selects. */
async function wake(tx: Tx, numbers: Statement): Promise<void> {
  const woken = await tx.run(sql`
    UPDATE job SET woken_for = parked_on, parked_on = NULL WHERE number IN (${numbers})`)
  if (woken > 0) tx.notify({ kind: 'ready' })
}
