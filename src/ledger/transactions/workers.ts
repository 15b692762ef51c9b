import { z } from 'zod'
import { WorkerIdentity } from '../../domain/lease.ts'
import { json } from '../column.ts'
import type { WorkerRow } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ identity: json(WorkerIdentity), seenAt: z.int(), running: z.int() })

/** Every worker that ever asked for a job, last seen first. */
export async function workers(tx: Tx): Promise<readonly WorkerRow[]> {
  const rows = await tx.all(
    sql`SELECT worker.identity, count(attempt.attempt) AS running,
        CASE WHEN max(attempt.renewed_at) > worker.seen_at
          THEN max(attempt.renewed_at) ELSE worker.seen_at END AS "seenAt"
      FROM worker
      LEFT JOIN attempt ON attempt.worker_id = worker.id AND attempt.ended_at IS NULL
      GROUP BY worker.id, worker.identity, worker.seen_at
      ORDER BY 3 DESC, worker.id`,
    Row,
  )
  return rows.map(({ identity, ...seen }) => ({ ...identity, ...seen }))
}
