import type { Job } from '../../domain/job.ts'
import type { Fence } from '../../domain/lease.ts'
import { afterExpiry } from '../../domain/machine.ts'
import { alreadyEnded, endAttempt } from '../attempt-end.ts'
import { lockJobAndKeys } from '../advisory-locks.ts'
import { currentAttempt } from '../current-attempt.ts'
import { applyNext } from '../ending.ts'
import { readJob } from '../job-row.ts'
import type { Tx } from '../transaction.ts'

/**
 * Ends an attempt whose worker has been restarted. Has the same effect as the expiry of the lease,
 * without waiting for the expiry.
 */
export async function abandon(tx: Tx, fence: Fence): Promise<Job> {
  await lockJobAndKeys(tx, fence.jobId)
  const ending = { kind: 'abandoned' } as const
  if (await alreadyEnded(tx, fence, ending)) return readJob(tx, fence.jobId)
  const current = await currentAttempt(tx, fence, 'abandon')
  await endAttempt(tx, fence, ending)
  await applyNext(tx, fence, afterExpiry(current), {
    detail: `Worker ${current.worker} was restarted during attempt ${fence.attempt}.`,
  })
  return readJob(tx, fence.jobId)
}
