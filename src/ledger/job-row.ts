import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { JobId } from '../domain/id.ts'
import { Job } from '../domain/job.ts'
import { Limits } from '../domain/limits.ts'
import { Usage } from '../domain/outcome.ts'
import { PublicationOrNone } from '../domain/publication.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Selects jobs in the form that `JobRow` parses. Callers may append a WHERE clause. */
export const SELECT_JOB = sql`
  SELECT
    job.number, job.id, job.kind, job.title, payload.payload, job.state, job.reason, job.detail,
    job.priority, job.labels, job.locks, job.limits, job.retry, job.attempt, job.failures, job.deferrals,
    CASE WHEN job.state = 'running' THEN attempt.step END AS step,
    CASE WHEN job.state = 'running' THEN attempt.worker END AS worker,
    attempt.sandbox,
    CASE WHEN job.state = 'running' THEN attempt.lease_until END AS "leaseUntil",
    CASE WHEN job.state = 'running' THEN attempt.renewed_at END AS "renewedAt",
    job.not_before AS "notBefore", job.parked_on AS "parkedOn",
    (SELECT job_lock.job_id FROM job_lock WHERE job_lock.key = job.parked_on) AS "parkedBehind",
    job.cancel_requested_at AS "cancelRequestedAt", job.resume_at AS "resumeAt",
    job.cancel_requested_by AS "cancelRequestedBy",
    job.publication, job.summary, job.usage, job.retry_of AS "retryOf",
    job.submitted_by AS "submittedBy", job.origin, job.group_name AS "group",
    job.hold_until AS "holdUntil", job.demands,
    job.created_at AS "createdAt", job.started_at AS "startedAt", job.ended_at AS "endedAt"
  FROM job
  JOIN payload ON payload.job_id = job.id
  LEFT JOIN attempt ON attempt.job_id = job.id AND attempt.attempt = job.attempt`

/** A job, and its `number`, which counts jobs in the order of submission. */
export const JobRow = Job.extend({
  number: z.int(),
  payload: json(z.unknown()),
  labels: json(z.array(z.string())),
  locks: json(z.array(z.string())),
  limits: json(Limits),
  retry: json(RetryPolicy),
  demands: json(z.array(z.string())),
  publication: json(PublicationOrNone).nullable(),
  usage: json(Usage).nullable(),
}).transform(({ number, ...job }) => ({ number, job }))
export type JobRow = z.infer<typeof JobRow>

/** Reads one job. Throws `job-not-found` if it does not exist. */
export async function readJob(tx: Tx, jobId: JobId): Promise<Job> {
  const row = await tx.get(sql`${SELECT_JOB} WHERE job.id = ${jobId}`, JobRow)
  if (row === undefined) throw jobNotFound(jobId)
  return row.job
}

export const jobNotFound = (jobId: JobId): AppError =>
  new AppError('job-not-found', `There is no job ${jobId}.`, { details: { job: jobId } })
