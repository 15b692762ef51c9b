import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { refusalCode } from '../../domain/machine.ts'
import { JobState } from '../../domain/state.ts'
import { appendEvent } from '../append-event.ts'
import { lockJob, tryLock } from '../advisory-locks.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const State = z.object({ state: JobState })

/** Queues a paused job again, before its time. Throws `job-not-paused`. */
export async function resume(tx: Tx, jobId: JobId, by: string): Promise<Job> {
  await lockJob(tx, jobId)
  const resumed = await requeuePaused(tx, jobId, by)
  if (!resumed) throw await notPaused(tx, jobId)
  return readJob(tx, jobId)
}

async function notPaused(tx: Tx, jobId: JobId): Promise<AppError> {
  const job = await tx.get(sql`SELECT state FROM job WHERE id = ${jobId}`, State)
  if (job === undefined) return jobNotFound(jobId)
  const code = refusalCode(job.state, 'resume') ?? 'job-not-paused'
  return new AppError(code, `Job ${jobId} cannot be resumed: it is ${job.state}.`, {
    details: { job: jobId, state: job.state },
  })
}

/** Who resumed it, as the event says. */
const BY = 'time'

const Due = z.object({ id: JobId })

/**
 * Queues jobs that were paused until a moment which has come, longest ago first. What is found due
 * stays so: where transactions run side by side, nobody else writes its row meanwhile.
 */
export async function resumeDue(tx: Tx, limit: number): Promise<number> {
  const due = await tx.all(
    sql`SELECT id FROM job WHERE resume_at <= ${tx.now}
      ORDER BY resume_at LIMIT ${limit} ${tx.skipLocked}`,
    Due,
  )
  let resumed = 0
  for (const { id } of due) {
    // Somebody is at it: it is resumed or cancelled by then, or due at the next run.
    if (!(await tryLock(tx, { id, locks: [] }))) continue
    if (await requeuePaused(tx, id, BY)) resumed += 1
  }
  return resumed
}

/**
 * Queues a locked job again if it is paused. What it still holds of its lock keys it keeps until it
 * is claimed.
 */
async function requeuePaused(tx: Tx, jobId: JobId, by: string): Promise<boolean> {
  const changed = await tx.run(sql`
    UPDATE job SET state = 'queued', reason = 'resumed', detail = '', resume_at = NULL
    WHERE id = ${jobId} AND state = 'paused'`)
  if (changed === 0) return false
  await appendEvent(tx, { jobId, attempt: null }, { type: 'resumed', by })
  tx.notify({ kind: 'ready' })
  return true
}
