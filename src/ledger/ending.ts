import type { Fence } from '../domain/lease.ts'
import type { Next } from '../domain/machine.ts'
import type { Settlement } from '../domain/outcome.ts'
import { appendEvent } from './append-event.ts'
import { type Guard, assertGuard } from './guard.ts'
import { releaseKeys } from './lock-keys.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Maximum length of a settlement's detail, in characters. */
const DETAIL_MAX = 8192

/** Moves the job to a terminal state, releases its lock keys and appends the `ended` event. */
export async function endJob(
  tx: Tx,
  guard: Guard,
  settlement: Settlement,
  failures: number,
): Promise<void> {
  const done = settlement.kind === 'succeeded' ? settlement : undefined
  const published = done?.publication ?? null
  const publication = published === null ? null : JSON.stringify(published)
  const changed = await tx.run(sql`
    UPDATE job SET
      state = ${settlement.kind}, reason = ${settlement.reason}, detail = ${settlement.detail},
      failures = ${failures}, publication = coalesce(${publication}, publication),
      summary = coalesce(${done?.summary ?? null}, summary), ended_at = ${tx.now},
      parked_on = NULL, woken_for = NULL, not_before = NULL, resume_at = NULL, locks_until = NULL
    WHERE id = ${guard.jobId} AND attempt = ${guard.attempt} AND state = ${guard.state}`)
  assertGuard(changed, guard)
  await releaseKeys(tx, guard.jobId)
  const attempt = guard.state === 'running' ? guard.attempt : null
  await appendEvent(tx, { jobId: guard.jobId, attempt }, { type: 'ended', settlement, failures })
}

/** A human-readable explanation of why an attempt ended, and the step that failed, if any. */
type Cause = { readonly detail: string; readonly step?: string | undefined }

/** Moves a running job to its next state after its attempt has ended. */
export async function applyNext(tx: Tx, fence: Fence, next: Next, cause: Cause): Promise<void> {
  if (next.state === 'queued') return requeue(tx, fence, next, cause.detail)
  const guard = { ...fence, state: 'running' } as const
  return endJob(tx, guard, settlementOf(next, cause), next.failures)
}

function settlementOf(next: Exclude<Next, { state: 'queued' }>, cause: Cause): Settlement {
  const detail = cause.detail.slice(0, DETAIL_MAX)
  if (next.state === 'cancelled') return { kind: 'cancelled', reason: next.reason, detail }
  const step = cause.step === undefined ? {} : { step: cause.step }
  return { kind: 'failed', reason: next.reason, detail, ...step }
}

async function requeue(
  tx: Tx,
  fence: Fence,
  next: Extract<Next, { state: 'queued' }>,
  detail: string,
): Promise<void> {
  const notBefore = next.delayMs === 0 ? null : tx.now + next.delayMs
  const changed = await tx.run(sql`
    UPDATE job SET
      state = 'queued', reason = ${next.reason}, detail = ${detail}, failures = ${next.failures},
      not_before = ${notBefore}
    WHERE id = ${fence.jobId} AND attempt = ${fence.attempt} AND state = 'running'`)
  assertGuard(changed, { ...fence, state: 'running' })
  await releaseKeys(tx, fence.jobId)
  const { reason, failures } = next
  await appendEvent(tx, fence, { type: 'requeued', reason, detail, failures, notBefore })
  if (notBefore === null) tx.notify({ kind: 'ready' })
}
