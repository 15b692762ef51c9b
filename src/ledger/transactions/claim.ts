import { type Closed, closedTo } from '../../domain/closed.ts'
import type { JobId } from '../../domain/id.ts'
import { permits, serves } from '../../domain/lane.ts'
import { Fence } from '../../domain/lease.ts'
import { appendEvent } from '../append-event.ts'
import { wakeDue } from '../back-off.ts'
import { readClaimed } from '../claimed.ts'
import { readClosed, takeTrials } from '../closed.ts'
import { assertGuard } from '../guard.ts'
import { lockJobAndKeys, ADVISORY_LOCKS_MAX, lockNamesOf, tryLock } from '../advisory-locks.ts'
import { better, type Head, headOf, leastDeferred, readyHeads, stillReady } from '../lane.ts'
import { heldKey, park, takeKeys } from '../lock-keys.ts'
import type { Claimed, ClaimRequest } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'
import { recordSeenWorker } from '../seen-worker.ts'

/**
 * `none` means that there is no job for this worker. `again` means that a job may exist, because
 * the transaction reached its lock limit or skipped jobs that other transactions have locked.
 * `behind` is the best of these locked jobs, or null if there is none; the next transaction waits
 * for it.
 */
export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claimed: Claimed }
  | { readonly kind: 'none' }
  | { readonly kind: 'again'; readonly behind: JobId | null }

/**
 * Leases the best job that this worker can serve, that its token permits, and whose lock keys are
 * all free.
 * @param behind the job named by the previous `again` answer, or null. The claim first acquires the
 * advisory locks of this job and its lock keys, and waits if another transaction holds them.
 */
export async function claim(
  tx: Tx,
  request: ClaimRequest,
  behind: JobId | null,
): Promise<ClaimAnswer> {
  // This locks the worker's row. A concurrent repeat of this request then waits, and finds the
  // attempt that this transaction creates.
  await recordSeenWorker(tx, request)
  if (behind !== null) await lockJobAndKeys(tx, behind)
  const again = await claimedBefore(tx, request)
  if (again !== undefined) return claimed(tx, again, request)

  await wakeDue(tx)
  const found = await nextJob(tx, request, await readClosed(tx))
  if ('kind' in found) return found

  const fence = nextFence(found)
  await begin(tx, fence, request)
  await takeKeys(tx, fence, found.locks)
  return claimed(tx, fence, request)
}

async function claimed(tx: Tx, fence: Fence, request: ClaimRequest): Promise<ClaimAnswer> {
  return { kind: 'claimed', claimed: await readClaimed(tx, fence, request.leaseMs) }
}

/**
 * Finds the attempt that an earlier request with the same id created, renews its lease and replaces
 * its token. A worker repeats a request if it did not receive the response.
 */
function claimedBefore(tx: Tx, request: ClaimRequest): Promise<Fence | undefined> {
  return tx.get(
    sql`UPDATE attempt
      SET token_hash = ${request.tokenHash}, lease_ms = ${request.leaseMs},
        lease_until = ${tx.now + request.leaseMs}, renewed_at = ${tx.now}
      WHERE held_by = ${request.heldBy} AND worker_id = ${request.worker.id}
        AND request_id = ${request.requestId}
      RETURNING job_id AS "jobId", attempt`,
    Fence,
  )
}

const nextFence = ({ id, attempt }: Head): Fence => ({ jobId: id, attempt: attempt + 1 })

/**
 * Chooses the job to lease. The head of a lane is the lane's first job. Considers the heads of all
 * lanes that this worker serves and that its token permits, except lanes that need a closed
 * resource whose `until` has not passed. Returns the best head that can be claimed now. If that
 * head needs closed resources, returns instead the job that was deferred least often, and makes its
 * attempt the trial of all closed resources that it needs. Parks heads that need a key held by
 * another job, and skips heads that another transaction has locked. If no head is left, returns
 * `none`, or `again` if a job may still be found.
 */
async function nextJob(
  tx: Tx,
  { worker, restrictedTo }: ClaimRequest,
  closed: readonly Closed[],
): Promise<Head | Exclude<ClaimAnswer, { kind: 'claimed' }>> {
  const heads = new Map<string, Head>()
  const needed = (lane: string) => closedTo(closed, lane, worker.accounts ?? [])
  for (const head of await readyHeads(tx)) {
    if (!serves(worker, head.lane) || !permits(restrictedTo, head.lane)) continue
    if (needed(head.lane).every(({ until }) => until <= tx.now)) heads.set(head.lane, head)
  }
  const skipped = new Set<number>()
  let behind: JobId | null = null

  /**
   * If this head needs closed resources, returns the job that tries them next; otherwise the head.
   */
  const leastDeferredFor = async (head: Head): Promise<Head> => {
    const keys = new Set(needed(head.lane).map(({ key }) => key))
    if (keys.size === 0 || (await heldKey(tx, head.id, head.locks)) !== undefined) return head
    const others = [...heads.keys()].filter((lane) => needed(lane).some(({ key }) => keys.has(key)))
    return (await leastDeferred(tx, [head.lane, ...others], skipped)) ?? head
  }

  for (let locks = 0; locks < ADVISORY_LOCKS_MAX && heads.size > 0;) {
    const best = await leastDeferredFor([...heads.values()].reduce(better))
    locks += lockNamesOf(best).length
    const head = await take(tx, best)
    if (typeof head === 'string') {
      skipped.add(best.number)
      if (head === 'locked') behind ??= best.id
    } else {
      const held = await heldKey(tx, head.id, head.locks)
      if (held === undefined) {
        const trials = needed(head.lane).map(({ key }) => key)
        if (await takeTrials(tx, nextFence(head), trials)) return head
        // Another claim has taken a trial that this lane needs, so the lane must wait.
        heads.delete(head.lane)
        continue
      }
      await park(tx, head, held)
    }
    const next = await headOf(tx, best.lane, skipped)
    if (next === undefined) heads.delete(best.lane)
    else heads.set(best.lane, next)
  }
  return heads.size > 0 || behind !== null ? { kind: 'again', behind } : { kind: 'none' }
}

/**
 * Locks a head and reads it again. Returns `locked` if the head cannot be locked without waiting,
 * and `gone` if the job is no longer ready.
 */
async function take(tx: Tx, head: Head): Promise<Head | 'locked' | 'gone'> {
  if (tx.advisoryLocks === null) return head
  if (!(await tryLock(tx, head))) return 'locked'
  return (await stillReady(tx, head)) ?? 'gone'
}

async function begin(tx: Tx, fence: Fence, request: ClaimRequest): Promise<void> {
  const { worker, leaseMs } = request
  const leaseUntil = tx.now + leaseMs
  const changed = await tx.run(sql`
    UPDATE job SET
      state = 'running', reason = NULL, detail = '', attempt = ${fence.attempt},
      woken_for = NULL, locks_until = NULL, started_at = coalesce(started_at, ${tx.now})
    WHERE id = ${fence.jobId} AND attempt = ${fence.attempt - 1} AND ready_lane IS NOT NULL`)
  assertGuard(changed, { ...fence, state: 'queued' })
  await tx.run(sql`
    INSERT INTO attempt (
      job_id, attempt, worker_id, worker, boot_id, sandbox, held_by, request_id, token_hash,
      lease_ms, lease_until, claimed_at, renewed_at
    ) VALUES (
      ${fence.jobId}, ${fence.attempt}, ${worker.id}, ${worker.name}, ${worker.bootId},
      ${worker.sandbox}, ${request.heldBy}, ${request.requestId}, ${request.tokenHash},
      ${leaseMs}, ${leaseUntil}, ${tx.now}, ${tx.now}
    )`)
  const { name, bootId, sandbox } = worker
  await appendEvent(tx, fence, { type: 'claimed', worker: name, bootId, sandbox, leaseUntil })
}
