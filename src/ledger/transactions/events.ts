import { z } from 'zod'
import { JobEvent } from '../../domain/event.ts'
import type { JobId } from '../../domain/id.ts'
import { json } from '../column.ts'
import { readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({
  seq: z.int(),
  at: z.int(),
  attempt: z.int().nullable(),
  body: json(z.record(z.string(), z.unknown())),
})

/** Returns events whose `seq` is greater than `after`, in order, at most `limit`. */
export async function events(
  tx: Tx,
  jobId: JobId,
  after: number,
  limit: number,
): Promise<readonly JobEvent[]> {
  const rows = await tx.all(
    sql`SELECT seq, at, attempt, body FROM event
      WHERE job_id = ${jobId} AND seq > ${after} ORDER BY seq LIMIT ${limit}`,
    Row,
  )
  if (rows.length === 0) await readJob(tx, jobId)
  return rows.map(({ body, ...place }) => JobEvent.parse({ ...body, ...place }))
}
