import { z } from 'zod'
import { WorkerIdentity } from '../../domain/lease.ts'
import { json } from '../column.ts'
import type { WorkerRow } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({
  identity: json(WorkerIdentity),
  restrictedTo: json(z.array(z.string())).nullable(),
  seenAt: z.int(),
  running: z.int(),
})

/** Lists the workers that have asked for a job, most recently seen first. */
export async function workers(tx: Tx): Promise<readonly WorkerRow[]> {
  const rows = await tx.all(
    sql`SELECT worker.identity, worker.restricted_to AS "restrictedTo",
        coalesce(busy.running, 0) AS running,
        CASE WHEN busy.renewed_at > worker.seen_at THEN busy.renewed_at ELSE worker.seen_at END
          AS "seenAt"
      FROM worker
      LEFT JOIN (
        SELECT worker_id, count(*) AS running, max(renewed_at) AS renewed_at
        FROM attempt WHERE ended_at IS NULL GROUP BY worker_id
      ) AS busy ON busy.worker_id = worker.id
      ORDER BY "seenAt" DESC, worker.id`,
    Row,
  )
  return rows.map(({ identity, ...seen }) => ({ ...identity, ...seen }))
}
