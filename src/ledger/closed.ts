import { z } from 'zod'
import { Closed, closedTo, nextTryMs, TRIAL_MS, STALE_MS } from '../domain/closed.ts'
import type { RandomBytes } from '../domain/id.ts'
import type { Fence } from '../domain/lease.ts'
import type { ReasonCode } from '../domain/reasons.ts'
import type { Resource } from '../domain/resource.ts'
import { clip } from '../domain/text.ts'
import { json } from './column.ts'
import { list, sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Closed resources, such as a git host that is unavailable. Claims skip the lanes that need a
 * closed resource until the time `until` in the resource's row. The next claim after that time
 * makes its attempt the trial, and moves `until` forward. If the trial is lost, another attempt can
 * become the trial after the new `until`. The row is deleted when any attempt reaches the resource,
 * or when the trial succeeds. Stale rows (STALE_MS) are deleted at the next outage of any resource.
 */

const Row = Closed.extend({ covers: json(z.array(z.string())) })
const Key = z.object({ key: z.string() })
const Count = z.object({ rows: z.int() })

const SELECT = sql`SELECT key, covers, reason, detail, since, until, tries FROM closed`

/** Maximum number of closed resources. It is limited because every claim reads them all. */
const ROWS_MAX = 1000

/** Maximum length of the detail of a closed resource, in characters. */
const DETAIL_MAX = 500

/** The longest time for which a quota closes a resource, in milliseconds: 31 days. */
const QUOTA_MS_MAX = 31 * 86_400_000

/** Reads all closed resources, ordered by key. There are few, so they are not paged. */
export const readClosed = (tx: Tx): Promise<readonly Closed[]> =>
  tx.all(sql`${SELECT} ORDER BY key`, Row)

/** Why a resource is closed. */
type Cause = {
  readonly closed: Resource
  readonly reason: ReasonCode
  readonly detail: string
}

/**
 * Closes a resource that an attempt found unavailable. If the resource is already closed, moves its
 * `until` forward, but only if `until` has passed or this attempt is the trial. Any other attempt
 * began before the resource was closed, so its report is outdated.
 */
export async function closeForTry(
  tx: Tx,
  fence: Fence,
  cause: Cause,
  random: RandomBytes,
): Promise<Closed> {
  await tx.run(sql`
    DELETE FROM closed WHERE key IN (
      SELECT key FROM closed WHERE until <= ${tx.now - STALE_MS} ${tx.skipLocked}
    )`)
  const { key } = cause.closed
  // Locks the row of this resource and the rows that the end of the attempt will change, all in the
  // order of their keys. Therefore no other transaction takes one of these trials meanwhile, and no
  // two transactions deadlock.
  const rows = await tx.all(
    sql`${SELECT}
      WHERE key = ${key} OR (trial_job = ${fence.jobId} AND trial_attempt = ${fence.attempt})
      ORDER BY key ${tx.lockRows}`,
    Row,
  )
  const row = rows.find((one) => one.key === key)
  const isTrial = (await trialsOf(tx, fence)).includes(key)
  const since = row === undefined ? tx.now : outageSince(row, tx.now)
  if (row !== undefined && row.until > tx.now && !isTrial) return { ...row, since }
  const tries = (row?.tries ?? 0) + 1
  const until = tx.now + nextTryMs(tries, (random(1)[0] ?? 0) / 255)
  return await save(tx, cause, { since, tries, until })
}

/**
 * Returns when the outage began. If the resource was closed because of a quota, that is now,
 * because the wait for the reset of a quota is not an outage.
 */
const outageSince = ({ reason, since }: Closed, now: number): number =>
  reason === 'quota-exhausted' ? now : since

/** Closes a resource until a known time (epoch ms), such as the reset of a quota; 31 days at most. */
export async function closeUntil(tx: Tx, cause: Cause, until: number): Promise<void> {
  await save(tx, cause, { since: tx.now, tries: 1, until: Math.min(until, tx.now + QUOTA_MS_MAX) })
}

async function save(
  tx: Tx,
  { closed: { key, covers }, reason, detail: full }: Cause,
  { since, tries, until }: Pick<Closed, 'since' | 'tries' | 'until'>,
): Promise<Closed> {
  const detail = clip(full, DETAIL_MAX)
  const closed = { key, covers, reason, detail, since, until, tries }
  const others = await tx.get(sql`SELECT count(*) AS rows FROM closed WHERE key <> ${key}`, Count)
  if ((others?.rows ?? 0) >= ROWS_MAX) return closed
  await tx.run(sql`
    INSERT INTO closed (key, covers, reason, detail, since, until, tries)
    VALUES (${key}, ${JSON.stringify(covers)}, ${reason}, ${detail}, ${since}, ${until}, ${tries})
    ON CONFLICT (key) DO UPDATE SET
      covers = excluded.covers, reason = excluded.reason, detail = excluded.detail,
      since = excluded.since, until = excluded.until, tries = excluded.tries,
      trial_job = NULL, trial_attempt = NULL`)
  return closed
}

const Needs = Row.pick({ key: true, covers: true }).extend({ lane: z.string() })

/**
 * Opens a resource that an attempt has reached. Changes nothing if the job does not need the
 * resource.
 */
export async function reopenReached(tx: Tx, { jobId }: Fence, key: string): Promise<void> {
  const row = await tx.get(
    sql`SELECT key, covers, lane FROM closed CROSS JOIN job WHERE key = ${key} AND id = ${jobId}`,
    Needs,
  )
  if (row !== undefined && closedTo([row], row.lane, null).length > 0) await reopen(tx, key)
}

/** Opens a resource by deleting its row. */
async function reopen(tx: Tx, key: string): Promise<void> {
  const deleted = await tx.run(sql`DELETE FROM closed WHERE key = ${key}`)
  if (deleted > 0) tx.notify({ kind: 'ready' })
}

/**
 * Makes an attempt the trial of these resources. Returns false, and changes nothing, if the `until`
 * of one of them has not passed or another transaction has locked its row.
 */
export async function takeTrials(tx: Tx, fence: Fence, keys: readonly string[]): Promise<boolean> {
  const [first, ...rest] = keys
  if (first === undefined) return true
  const all = list([first, ...rest])
  const due = await tx.all(
    sql`SELECT key FROM closed WHERE key IN (${all}) AND until <= ${tx.now}
      ORDER BY key ${tx.skipLocked}`,
    Key,
  )
  if (due.length < keys.length) return false
  await tx.run(sql`
    UPDATE closed SET since = ${tx.now}, tries = 0
    WHERE key IN (${all}) AND until <= ${tx.now - STALE_MS}`)
  await tx.run(sql`
    UPDATE closed SET
      until = ${tx.now + TRIAL_MS}, trial_job = ${fence.jobId}, trial_attempt = ${fence.attempt}
    WHERE key IN (${all})`)
  return true
}

/** Returns the keys of the resources for which this attempt is the trial. */
export async function trialsOf(tx: Tx, fence: Fence): Promise<readonly string[]> {
  const rows = await tx.all(
    sql`SELECT key FROM closed
      WHERE trial_job = ${fence.jobId} AND trial_attempt = ${fence.attempt} ORDER BY key`,
    Key,
  )
  return rows.map(({ key }) => key)
}

/**
 * Ends the trials of an attempt that ended before it reported that it reached the resources.
 * Another attempt can then become the trial at once.
 */
export async function releaseTrials(tx: Tx, fence: Fence): Promise<void> {
  await makeDue(tx, await trialsOf(tx, fence))
}

/**
 * Opens the resources for which a successful attempt was the trial. Its success shows that all of
 * them are available.
 */
export async function reopenTrials(tx: Tx, fence: Fence): Promise<void> {
  for (const key of await trialsOf(tx, fence)) await reopen(tx, key)
}

/**
 * Lets the next claim try these resources, without waiting for their `until`. Updates the rows in
 * the order of their keys, so that two concurrent calls do not deadlock.
 */
export async function makeDue(tx: Tx, keys: readonly string[]): Promise<void> {
  for (const key of keys.toSorted()) {
    await tx.run(sql`
      UPDATE closed SET until = ${tx.now}, trial_job = NULL, trial_attempt = NULL
      WHERE key = ${key} AND until > ${tx.now}`)
  }
  if (keys.length > 0) tx.notify({ kind: 'ready' })
}
