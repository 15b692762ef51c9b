import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { refusalCode } from '../../domain/machine.ts'
import { JobState } from '../../domain/state.ts'
import { appendEvent } from '../append-event.ts'
import { flag } from '../column.ts'
import { endJob } from '../ending.ts'
import { lockJobAndKeys } from '../advisory-locks.ts'
import { assertGuard } from '../guard.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { wakeNextOfLane } from '../lock-keys.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({
  id: JobId,
  state: JobState,
  attempt: z.int(),
  failures: z.int(),
  lane: z.string(),
  wokenFor: z.string().nullable(),
  requested: flag,
})
type Row = z.infer<typeof Row>

/** Cancels a queued or paused job at once; asks a running job to stop. Idempotent. */
export async function requestCancel(tx: Tx, jobId: JobId, by: string): Promise<Job> {
  await lockJobAndKeys(tx, jobId)
  const job = await tx.get(
    sql`SELECT id, state, attempt, failures, lane, woken_for AS "wokenFor",
        CASE WHEN cancel_requested_at IS NULL THEN 0 ELSE 1 END AS requested
      FROM job WHERE id = ${jobId}`,
    Row,
  )
  if (job === undefined) throw jobNotFound(jobId)
  const code = refusalCode(job.state, 'request-cancel')
  if (code !== undefined) {
    throw new AppError(code, `Job ${jobId} cannot be cancelled: its state is ${job.state}.`, {
      details: { job: jobId, state: job.state },
    })
  }
  if (!job.requested && job.state !== 'cancelled') await request(tx, job, by)
  return readJob(tx, jobId)
}

async function request(tx: Tx, job: Row, by: string): Promise<void> {
  const running = job.state === 'running'
  const guard = { jobId: job.id, attempt: job.attempt, state: job.state }
  const changed = await tx.run(sql`
    UPDATE job SET cancel_requested_at = ${tx.now}, cancel_requested_by = ${by}
    WHERE id = ${job.id} AND attempt = ${job.attempt} AND state = ${job.state}`)
  assertGuard(changed, guard)
  const attempt = running ? job.attempt : null
  await appendEvent(tx, { jobId: job.id, attempt }, { type: 'cancel-requested', by })
  if (running) return

  const settlement = { kind: 'cancelled', reason: 'cancelled-by-request', detail: '' } as const
  await endJob(tx, guard, settlement, job.failures)
  await wakeNextOfLane(tx, job)
}
