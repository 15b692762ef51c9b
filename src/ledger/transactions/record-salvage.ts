import type { Checkpoint } from '../../domain/event.ts'
import type { Fence } from '../../domain/lease.ts'
import { z } from 'zod'
import { lockJob } from '../advisory-locks.ts'
import { refusal } from '../current-attempt.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'
import { addCheckpoint } from './checkpoint.ts'

const Found = z.object({ found: z.int() })

/**
 * Records the work of a dead attempt as a checkpoint. Accepted even if the attempt has ended.
 * Throws `lease-lost` if a later attempt has begun or the job is paused, and `job-terminal` if the
 * job has ended.
 */
export async function recordSalvage(tx: Tx, fence: Fence, made: Checkpoint): Promise<void> {
  await lockJob(tx, fence.jobId)
  const row = await tx.get(
    sql`SELECT 1 AS found FROM job
      JOIN attempt ON attempt.job_id = job.id AND attempt.attempt = job.attempt
      WHERE job.id = ${fence.jobId} AND job.attempt = ${fence.attempt}
        AND job.state IN ('running', 'queued')`,
    Found,
  )
  if (row === undefined) throw await refusal(tx, fence, 'renew')
  await addCheckpoint(tx, fence, made)
}
