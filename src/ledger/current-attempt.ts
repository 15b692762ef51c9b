import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Fence } from '../domain/lease.ts'
import { refusalCode, type Running } from '../domain/machine.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { JobState } from '../domain/state.ts'
import type { Trigger } from '../domain/transition.ts'
import { flag, json } from './column.ts'
import { jobNotFound } from './job-row.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** A running attempt, with the facts that determine the job's next state. */
export type CurrentAttempt = Running & {
  readonly worker: string
  /** Number of worker events recorded for this attempt. */
  readonly eventCount: number
  /**
   * Time (epoch ms) from which new publication intents are refused; null if the job has no hold.
   */
  readonly holdUntil: number | null
}

const Row = z.object({
  attempt: z.int(),
  failures: z.int(),
  deferrals: z.int(),
  agentStarted: flag,
  cancelRequested: flag,
  retry: json(RetryPolicy),
  worker: z.string(),
  eventCount: z.int(),
  holdUntil: z.int().nullable(),
})

/**
 * Returns the attempt that the fence identifies. If that attempt is not the job's newest or is not
 * running, throws the error that `refusal` returns.
 */
export async function currentAttempt(
  tx: Tx,
  fence: Fence,
  trigger: Trigger,
): Promise<CurrentAttempt> {
  const row = await tx.get(
    sql`SELECT
        job.attempt, job.failures, job.deferrals, attempt.agent_started AS "agentStarted",
        CASE WHEN job.cancel_requested_at IS NULL THEN 0 ELSE 1 END AS "cancelRequested",
        job.retry, attempt.worker, attempt.told AS "eventCount", job.hold_until AS "holdUntil"
      FROM job
      JOIN attempt ON attempt.job_id = job.id AND attempt.attempt = job.attempt
      WHERE job.id = ${fence.jobId} AND job.attempt = ${fence.attempt} AND job.state = 'running'`,
    Row,
  )
  if (row === undefined) throw await refusal(tx, fence, trigger)
  return row
}

const State = z.object({ state: JobState })

/**
 * Returns the error for a fenced write that changed nothing. The error says whether the job does
 * not exist, has ended, or no longer runs this attempt.
 */
export async function refusal(tx: Tx, fence: Fence, trigger: Trigger): Promise<AppError> {
  const job = await tx.get(sql`SELECT state FROM job WHERE id = ${fence.jobId}`, State)
  if (job === undefined) return jobNotFound(fence.jobId)
  const code = refusalCode(job.state, trigger) ?? 'lease-lost'
  return new AppError(
    code,
    `Attempt ${fence.attempt} of job ${fence.jobId} does not hold the lease; the job is ${job.state}.`,
    { details: { job: fence.jobId, attempt: fence.attempt, state: job.state } },
  )
}
