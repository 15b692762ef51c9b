import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { isTerminal } from '../../domain/state.ts'
import { holdJob } from '../hold.ts'
import { readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Moves the hold of a job to another moment. */
export async function extendHold(tx: Tx, jobId: JobId, until: number, by: string): Promise<Job> {
  await holdJob(tx, jobId)
  const job = await readJob(tx, jobId)
  if (job.submittedBy !== by) {
    throw new AppError('scope-missing', `Only who submitted job ${jobId} may extend its hold.`)
  }
  if (job.holdUntil === null) throw new AppError('request-invalid', `Job ${jobId} has no hold.`)
  if (isTerminal(job.state)) throw new AppError('job-terminal', `Job ${jobId} has ended.`)
  await tx.run(sql`UPDATE job SET hold_until = ${until} WHERE id = ${jobId}`)
  return readJob(tx, jobId)
}
