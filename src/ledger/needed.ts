import type { Cutoffs } from './port.ts'
import { sql, type Statement } from './sql.ts'

/**
 * SQL conditions for jobs, uploads, tokens and workers that may be deleted. Times are in epoch ms;
 * "before" excludes the time itself.
 */

/**
 * The job ended before this time and has no pending deliveries, and no unfinished job continues it,
 * directly or through other jobs. The condition begins with IS NOT NULL, so that it is false
 * instead of NULL for an unfinished job. Callers negate the condition, and NOT NULL would again be
 * NULL.
 */
export const jobUnneeded = (before: number): Statement => sql`
  job.ended_at IS NOT NULL AND job.ended_at < ${before} AND NOT EXISTS (
    WITH RECURSIVE follower (id, ended_at) AS (
      SELECT next.id, next.ended_at FROM job AS next WHERE next.retry_of = job.id
      UNION
      SELECT next.id, next.ended_at FROM follower JOIN job AS next ON next.retry_of = follower.id
    )
    SELECT 1 FROM follower WHERE follower.ended_at IS NULL
  ) AND NOT EXISTS (
    SELECT 1 FROM delivery WHERE delivery.job_id = job.id AND delivery.next_at IS NOT NULL
  )`

/** The token was revoked or expired before this time. */
export const tokenUnneeded = (before: number): Statement =>
  sql`(token.revoked_at < ${before} OR token.expires_at < ${before})`

/** The worker last asked for a job before this time and is running none. */
export const workerUnneeded = (before: number): Statement => sql`
  worker.seen_at < ${before} AND NOT EXISTS (
    SELECT 1 FROM attempt WHERE attempt.worker_id = worker.id AND attempt.ended_at IS NULL
  )`

/**
 * The upload was stored before `before.uploads`, and every job that names it as an input is itself
 * unneeded (`jobUnneeded(before.jobs)`).
 */
export const blobUnneeded = (before: Cutoffs): Statement => sql`
  blob.stored_at < ${before.uploads} AND NOT EXISTS (
    SELECT 1 FROM input JOIN job ON job.id = input.job_id
    WHERE input.digest = blob.digest AND NOT (${jobUnneeded(before.jobs)})
  )`

/** The upload was stored before this time, and no job names it as an input. */
export const blobUnnamed = (before: number): Statement => sql`
  blob.stored_at < ${before} AND NOT EXISTS (
    SELECT 1 FROM input WHERE input.digest = blob.digest
  )`
