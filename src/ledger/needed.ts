import type { Cutoffs } from './port.ts'
import { sql, type Statement } from './sql.ts'

/**
 * Of jobs, uploads, tokens and workers the ones that nobody needs any more. Each is a condition
 * on the table's own row.
 */

/**
 * Ended before this moment; no living job goes on from it, and no callback of it is to be sent. False, not
 * NULL, for a living job, because the condition is negated too.
 */
export const jobUnneeded = (before: number): Statement => sql`
  job.ended_at IS NOT NULL AND job.ended_at < ${before} AND NOT EXISTS (
    SELECT 1 FROM job AS follower WHERE follower.retry_of = job.id AND follower.ended_at IS NULL
  ) AND NOT EXISTS (
    SELECT 1 FROM delivery WHERE delivery.job_id = job.id AND delivery.next_at IS NOT NULL
  )`

/** Revoked or expired before this moment. */
export const tokenUnneeded = (before: number): Statement =>
  sql`(token.revoked_at < ${before} OR token.expires_at < ${before})`

/** Neither asked for a job since this moment nor works on one. */
export const workerUnneeded = (before: number): Statement => sql`
  worker.seen_at < ${before} AND NOT EXISTS (
    SELECT 1 FROM attempt WHERE attempt.worker_id = worker.id AND attempt.ended_at IS NULL
  )`

/** Stored before a moment, and no job names it as an input, other than those unneeded by then. */
export const blobUnneeded = (before: Cutoffs): Statement => sql`
  blob.stored_at < ${before.uploads} AND NOT EXISTS (
    SELECT 1 FROM input JOIN job ON job.id = input.job_id
    WHERE input.digest = blob.digest AND NOT (${jobUnneeded(before.jobs)})
  )`

/** Stored before a moment, and no job at all names it. */
export const blobUnnamed = (before: number): Statement => sql`
  blob.stored_at < ${before} AND NOT EXISTS (
    SELECT 1 FROM input WHERE input.digest = blob.digest
  )`
