import { z } from 'zod'
import { closedTo } from '../../domain/closed.ts'
import { AppError } from '../../domain/errors.ts'
import { JobId } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import { refusalCode } from '../../domain/machine.ts'
import { JobState } from '../../domain/state.ts'
import { appendEvent } from '../append-event.ts'
import { lockJob, tryLock } from '../advisory-locks.ts'
import { makeDue, readClosed } from '../closed.ts'
import { jobNotFound, readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const State = z.object({ state: JobState })

/**
 * Requeues a paused job now, and lets the next claim try the closed resources that the job needs.
 * Throws `job-not-paused` if the job is in another state.
 */
export async function resume(tx: Tx, jobId: JobId, by: string): Promise<Job> {
  await lockJob(tx, jobId)
  const resumed = await requeuePaused(tx, jobId, by)
  if (!resumed) throw await notPaused(tx, jobId)
  await openLane(tx, jobId)
  return readJob(tx, jobId)
}

async function notPaused(tx: Tx, jobId: JobId): Promise<AppError> {
  const job = await tx.get(sql`SELECT state FROM job WHERE id = ${jobId}`, State)
  if (job === undefined) return jobNotFound(jobId)
  const code = refusalCode(job.state, 'resume') ?? 'job-not-paused'
  return new AppError(code, `Job ${jobId} cannot be resumed: its state is ${job.state}.`, {
    details: { job: jobId, state: job.state },
  })
}

/**
 * Lets the next claim try the closed resources that a queued job needs, and ends the job's own
 * delay after a deferral. Returns false, and changes nothing, if the job is not queued or needs no
 * closed resource.
 */
export async function tryNow(tx: Tx, jobId: JobId): Promise<boolean> {
  await lockJob(tx, jobId)
  if (!(await openLane(tx, jobId))) return false
  await tx.run(sql`UPDATE job SET not_before = NULL WHERE id = ${jobId} AND deferrals > 0`)
  return true
}

const Lane = z.object({ lane: z.string() })

/**
 * Lets the next claim try the closed resources that a queued job needs. Returns false if the job is
 * not queued or needs no closed resource.
 */
async function openLane(tx: Tx, jobId: JobId): Promise<boolean> {
  const job = await tx.get(sql`SELECT lane FROM job WHERE id = ${jobId} AND state = 'queued'`, Lane)
  if (job === undefined) return false
  const rows = closedTo(await readClosed(tx), job.lane, null)
  await makeDue(
    tx,
    rows.map(({ key }) => key),
  )
  return rows.length > 0
}

/**
 * The value of `by` in the `resumed` event of a job that the hub itself resumes, because its
 * `resumeAt` has passed.
 */
const BY = 'time'

const Due = z.object({ id: JobId })

/**
 * Requeues at most `limit` paused jobs whose `resumeAt` has passed, starting with the earliest, and
 * returns how many it requeued. On PostgreSQL the SELECT locks the rows that it finds, so that no
 * concurrent transaction can change those jobs.
 */
export async function resumeDue(tx: Tx, limit: number): Promise<number> {
  const due = await tx.all(
    sql`SELECT id FROM job WHERE resume_at <= ${tx.now}
      ORDER BY resume_at LIMIT ${limit} ${tx.skipLocked}`,
    Due,
  )
  let resumed = 0
  for (const { id } of due) {
    // Skip a job that another transaction has locked, because that transaction may be resuming or
    // cancelling it. If it is not, the next run resumes the job.
    if (!(await tryLock(tx, { id, locks: [] }))) continue
    if (await requeuePaused(tx, id, BY)) resumed += 1
  }
  return resumed
}

/**
 * Requeues a job if it is paused; returns whether it was paused. The caller must have locked the
 * job. The job keeps the lock keys that it still holds.
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
