import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { refusal } from '../../domain/machine.ts'
import { JobState } from '../../domain/state.ts'
import { holdJob } from '../hold.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { requeuePaused } from '../requeue-paused.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const State = z.object({ state: JobState })

/** Queues a paused job again, before its time. Throws `job-not-paused`. */
export async function resume(tx: Tx, jobId: JobId, by: string): Promise<Job> {
  await holdJob(tx, jobId)
  const resumed = await requeuePaused(tx, jobId, by)
  if (!resumed) throw await notPaused(tx, jobId)
  return readJob(tx, jobId)
}

async function notPaused(tx: Tx, jobId: JobId): Promise<AppError> {
  const job = await tx.get(sql`SELECT state FROM job WHERE id = ${jobId}`, State)
  if (job === undefined) return jobNotFound(jobId)
  const code = refusal(job.state, 'resume') ?? 'job-not-paused'
  return new AppError(code, `Job ${jobId} cannot be resumed: it is ${job.state}.`, {
    details: { job: jobId, state: job.state },
  })
}
