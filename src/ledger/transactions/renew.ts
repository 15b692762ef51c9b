import { z } from 'zod'
import type { Fence, Renewal } from '../../domain/lease.ts'
import { flag } from '../column.ts'
import { refusal } from '../current-attempt.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ cancelRequested: flag })

/**
 * Renews the lease. An expired lease can still be renewed as long as no sweep has ended the
 * attempt.
 */
export async function renew(tx: Tx, fence: Fence, leaseMs: number): Promise<Renewal> {
  const row = await tx.get(
    sql`UPDATE attempt
      SET lease_ms = ${leaseMs}, lease_until = ${tx.now + leaseMs}, renewed_at = ${tx.now}
      WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt} AND ended_at IS NULL
      RETURNING (
        SELECT CASE WHEN cancel_requested_at IS NULL THEN 0 ELSE 1 END
        FROM job WHERE id = ${fence.jobId}
      ) AS "cancelRequested"`,
    Row,
  )
  if (row === undefined) throw await refusal(tx, fence, 'renew')
  return { leaseMs, cancelRequested: row.cancelRequested }
}
