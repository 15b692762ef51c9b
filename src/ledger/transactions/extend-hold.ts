import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { isTerminal, JobState } from '../../domain/state.ts'
import { lockJob } from '../advisory-locks.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ state: JobState, submittedBy: z.string().nullable() })

/**
 * Extends a job's hold to a later time, even if the current time of the hold has already passed.
 * Appends no event, because submitters extend a hold every few seconds and only the latest time
 * matters.
 */
export async function extendHold(tx: Tx, jobId: JobId, until: number, by: string): Promise<Job> {
  await lockJob(tx, jobId)
  const job = await tx.get(
    sql`SELECT state, submitted_by AS "submittedBy" FROM job WHERE id = ${jobId}`,
    Row,
  )
  if (job === undefined) throw jobNotFound(jobId)
  if (job.submittedBy !== by) {
    throw new AppError('scope-missing', `Only the submitter of job ${jobId} may extend its hold.`, {
      details: { job: jobId },
    })
  }
  if (isTerminal(job.state)) {
    throw new AppError(
      'job-terminal',
      `Job ${jobId} has already ended; its state is ${job.state}.`,
      {
        details: { job: jobId, state: job.state },
      },
    )
  }
  await tx.run(sql`
    UPDATE job SET hold_until = ${until} WHERE id = ${jobId} AND hold_until < ${until}`)
  return readJob(tx, jobId)
}
