import type { Checkpoint } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import { appendEvent } from '../append-event.ts'
import { sameJson } from '../attempt-end.ts'
import { currentAttempt } from '../current-attempt.ts'
import { lockJob } from '../advisory-locks.ts'
import { checkpointsOf, refuseTooMany } from '../kept-events.ts'
import type { Tx } from '../transaction.ts'

/**
 * Records the checkpoint of a finished step. If this attempt has already recorded an equal
 * checkpoint, nothing changes. Throws `request-invalid` if the job already has 1000 checkpoints.
 */
export async function checkpoint(tx: Tx, fence: Fence, made: Checkpoint): Promise<void> {
  await lockJob(tx, fence.jobId)
  await currentAttempt(tx, fence, 'renew')
  await addCheckpoint(tx, fence, made)
}

/**
 * Appends a checkpoint, unless the attempt already has an equal one. The caller has locked the job.
 */
export async function addCheckpoint(tx: Tx, fence: Fence, made: Checkpoint): Promise<void> {
  const recorded = await checkpointsOf(tx, fence)
  if (recorded.some((earlier) => sameJson(earlier, made))) return
  await refuseTooMany(tx, fence.jobId, 'checkpoint')
  await appendEvent(tx, fence, { type: 'checkpoint', checkpoint: made })
}
