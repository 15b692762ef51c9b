import { z } from 'zod'
import type { JobId } from '../../domain/id.ts'
import { Fence } from '../../domain/lease.ts'
import type { AttemptRow } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = Fence.extend({
  workerId: z.string(),
  bootId: z.string(),
  heldBy: z.string(),
  tokenHash: z.string(),
  endedAt: z.int().nullable(),
})

/** Returns the attempt, or null if it does not exist. */
export async function attempt(tx: Tx, jobId: JobId, number: number): Promise<AttemptRow | null> {
  const row = await tx.get(
    sql`SELECT job_id AS "jobId", attempt, worker_id AS "workerId", boot_id AS "bootId",
        held_by AS "heldBy", token_hash AS "tokenHash", ended_at AS "endedAt"
      FROM attempt WHERE job_id = ${jobId} AND attempt = ${number}`,
    Row,
  )
  return row ?? null
}
