import { z } from 'zod'
import type { Fence } from '../domain/lease.ts'
import { addUsage, Usage } from '../domain/outcome.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

const Row = z.object({ usage: json(Usage) })

/** Stores an attempt's usage so far and updates the job's total over all its attempts. */
export async function saveUsage(tx: Tx, fence: Fence, usage: Usage | null): Promise<void> {
  if (usage === null) return
  await tx.run(sql`
    UPDATE attempt SET usage = ${JSON.stringify(usage)}
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
  const rows = await tx.all(
    sql`SELECT usage FROM attempt WHERE job_id = ${fence.jobId} AND usage IS NOT NULL`,
    Row,
  )
  const total = rows.map((row) => row.usage).reduce(addUsage)
  await tx.run(sql`UPDATE job SET usage = ${JSON.stringify(total)} WHERE id = ${fence.jobId}`)
}
