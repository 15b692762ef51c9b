import type { Job } from '../../domain/job.ts'
import type { Fence } from '../../domain/lease.ts'
import { afterHandBack } from '../../domain/machine.ts'
import { alreadyEnded, endAttempt } from '../attempt-end.ts'
import { lockJobAndKeys } from '../advisory-locks.ts'
import { currentAttempt } from '../current-attempt.ts'
import { applyNext } from '../ending.ts'
import { readJob } from '../job-row.ts'
import type { Tx } from '../transaction.ts'

/**
 * Requeues the job of a worker that is shutting down, without counting a failure. If the job's
 * cancellation was requested, cancels the job instead.
 */
export async function handBack(tx: Tx, fence: Fence): Promise<Job> {
  await lockJobAndKeys(tx, fence.jobId)
  const outcome = { kind: 'handed-back' } as const
  if (await alreadyEnded(tx, fence, outcome)) return readJob(tx, fence.jobId)
  const current = await currentAttempt(tx, fence, 'hand-back')
  await endAttempt(tx, fence, outcome)
  await applyNext(tx, fence, afterHandBack(current), {
    detail: `Worker ${current.worker} handed the job back.`,
  })
  return readJob(tx, fence.jobId)
}
