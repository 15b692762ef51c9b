import { AppError } from '../../domain/errors.ts'
import type { Fence } from '../../domain/lease.ts'
import type { PublicationIntent } from '../../domain/publication.ts'
import { appendEvent } from '../append-event.ts'
import { sameJson } from '../attempt-end.ts'
import { currentAttempt } from '../current-attempt.ts'
import { lockJob } from '../advisory-locks.ts'
import { refuseTooMany, readIntents } from '../kept-events.ts'
import type { Tx } from '../transaction.ts'

/**
 * Records the intent to publish. An intent that is already recorded is accepted again, even if a
 * cancellation was requested or the job's hold has passed, because the publication may have
 * started.
 */
export async function intendPublication(
  tx: Tx,
  fence: Fence,
  intent: PublicationIntent,
): Promise<void> {
  await lockJob(tx, fence.jobId)
  const { cancelRequested, holdUntil } = await currentAttempt(tx, fence, 'renew')
  const recorded = await readIntents(tx, fence.jobId)
  if (recorded.some((earlier) => sameJson(earlier, intent))) return
  if (cancelRequested) {
    throw new AppError('cancel-requested', `Job ${fence.jobId} is being cancelled.`, {
      details: { job: fence.jobId },
    })
  }
  if (holdUntil !== null && holdUntil <= tx.now) {
    throw new AppError(
      'hold-lapsed',
      `The hold of job ${fence.jobId} lapsed at ${new Date(holdUntil).toISOString()}.`,
      {
        details: { job: fence.jobId, holdUntil },
      },
    )
  }
  await refuseTooMany(tx, fence.jobId, 'publication-intended')
  await appendEvent(tx, fence, { type: 'publication-intended', intent })
}
