import { AppError } from '../../domain/errors.ts'
import type { Job } from '../../domain/job.ts'
import type { Fence } from '../../domain/lease.ts'
import { afterSettleFailed } from '../../domain/machine.ts'
import type { Settlement, Usage } from '../../domain/outcome.ts'
import { alreadyEnded, endAttempt } from '../attempt-end.ts'
import { lockJobAndKeys } from '../advisory-locks.ts'
import { type CurrentAttempt, currentAttempt } from '../current-attempt.ts'
import { endJob, applyNext } from '../ending.ts'
import { readJob } from '../job-row.ts'
import { saveUsage } from '../total-usage.ts'
import type { Tx } from '../transaction.ts'

/**
 * Ends the attempt with the settlement that its worker reports. A repeated call with the same
 * settlement changes nothing and returns the job. A settlement that arrives after the lease has
 * expired is still accepted, unless a sweep has already ended the attempt.
 */
export async function settle(
  tx: Tx,
  fence: Fence,
  settlement: Settlement,
  usage: Usage | null,
): Promise<Job> {
  await lockJobAndKeys(tx, fence.jobId)
  if (await alreadyEnded(tx, fence, settlement)) return readJob(tx, fence.jobId)
  const current = await currentAttempt(tx, fence, `settle-${settlement.kind}`)
  await endAttempt(tx, fence, settlement)
  await saveUsage(tx, fence, usage)
  await apply(tx, fence, current, settlement)
  return readJob(tx, fence.jobId)
}

async function apply(
  tx: Tx,
  fence: Fence,
  current: CurrentAttempt,
  settlement: Settlement,
): Promise<void> {
  const guard = { ...fence, state: 'running' } as const
  switch (settlement.kind) {
    case 'succeeded': {
      const reason = current.cancelRequested ? 'cancelled-too-late' : settlement.reason
      await endJob(tx, guard, { ...settlement, reason }, current.failures)
      return
    }
    case 'cancelled': {
      if (!current.cancelRequested) throw cancelNotRequested(fence)
      await endJob(tx, guard, settlement, current.failures)
      return
    }
    case 'failed': {
      const next = afterSettleFailed(current, settlement.reason)
      // If the job ends for a different reason than the settlement's, such as `attempts-exhausted`,
      // the settlement's reason is kept in the detail, because the job has no other place for it.
      const detail =
        next.reason === settlement.reason
          ? settlement.detail
          : `${settlement.reason}: ${settlement.detail}`
      await applyNext(tx, fence, next, { detail, step: settlement.step })
    }
  }
}

const cancelNotRequested = (fence: Fence): AppError =>
  new AppError(
    'cancel-not-requested',
    `Job ${fence.jobId} cannot be settled as "cancelled": nobody has requested a cancel.`,
    {
      details: { job: fence.jobId },
    },
  )
