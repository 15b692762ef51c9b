import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { list, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ id: JobId, endedAt: z.int().nullable() })

/** When each of these jobs ended, null while it lives; those that are unknown are left out. */
export async function endings(
  tx: Tx,
  jobIds: readonly JobId[],
): Promise<ReadonlyMap<JobId, number | null>> {
  const [first, ...others] = jobIds
  if (first === undefined) return new Map()
  const rows = await tx.all(
    sql`SELECT id, ended_at AS "endedAt" FROM job WHERE id IN (${list([first, ...others])})`,
    Row,
  )
  return new Map(rows.map(({ id, endedAt }) => [id, endedAt]))
}
