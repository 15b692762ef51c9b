import { z } from 'zod'
import { closable } from '../../domain/closed.ts'
import type { Job } from '../../domain/job.ts'
import type { Fence } from '../../domain/lease.ts'
import { Limits } from '../../domain/limits.ts'
import { afterPause } from '../../domain/machine.ts'
import type { Pause, Usage } from '../../domain/outcome.ts'
import { appendEvent } from '../append-event.ts'
import { alreadyEnded, endAttempt } from '../attempt-end.ts'
import { closeUntil } from '../closed.ts'
import { json } from '../column.ts'
import { lockJobAndKeys } from '../advisory-locks.ts'
import { currentAttempt } from '../current-attempt.ts'
import { applyNext } from '../ending.ts'
import { assertGuard } from '../guard.ts'
import { readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import { saveUsage } from '../total-usage.ts'
import type { Tx } from '../transaction.ts'

/**
 * Ends the attempt and pauses the job, which keeps its lock keys for `pausedLocksMs`. If `why`
 * names a model account that refuses requests, closes the account for all jobs until `resumeAt`.
 * The job is not paused but ends if its cancellation was requested, or if it has used all its
 * attempts (`ATTEMPTS_MAX`).
 */
export async function pause(tx: Tx, fence: Fence, why: Pause, usage: Usage | null): Promise<Job> {
  await lockJobAndKeys(tx, fence.jobId)
  const outcome = { kind: 'paused', ...why } as const
  if (await alreadyEnded(tx, fence, outcome)) return readJob(tx, fence.jobId)
  const current = await currentAttempt(tx, fence, 'pause')
  await endAttempt(tx, fence, outcome)
  await saveUsage(tx, fence, usage)
  await closeAccount(tx, fence, why)
  const end = afterPause(current)
  if (end === null) await pauseJob(tx, fence, why)
  else await applyNext(tx, fence, end, why)
  return readJob(tx, fence.jobId)
}

const Lane = z.object({ lane: z.string() })

/** If `why` names a model account that the job needs, closes the account until `resumeAt`. */
async function closeAccount(tx: Tx, { jobId }: Fence, why: Pause): Promise<void> {
  const { closed: named, resumeAt } = why
  if (resumeAt === undefined || named?.key.startsWith('model:') !== true) return
  const job = await tx.get(sql`SELECT lane FROM job WHERE id = ${jobId}`, Lane)
  const closed = closable(named, job?.lane ?? '')
  if (closed !== null) await closeUntil(tx, { ...why, closed }, resumeAt)
}

const Row = z.object({ limits: json(Limits) })

async function pauseJob(tx: Tx, fence: Fence, why: Pause): Promise<void> {
  const row = await tx.get(sql`SELECT limits FROM job WHERE id = ${fence.jobId}`, Row)
  const locksUntil = tx.now + (row?.limits.pausedLocksMs ?? 0)
  const resumeAt = why.resumeAt ?? null
  const changed = await tx.run(sql`
    UPDATE job SET
      state = 'paused', reason = ${why.reason}, detail = ${why.detail}, resume_at = ${resumeAt},
      locks_until = ${locksUntil}
    WHERE id = ${fence.jobId} AND attempt = ${fence.attempt} AND state = 'running'`)
  assertGuard(changed, { ...fence, state: 'running' })
  const { reason, detail } = why
  await appendEvent(tx, fence, { type: 'paused', reason, detail, resumeAt })
}
