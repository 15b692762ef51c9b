import { z } from 'zod'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Count = z.object({ pending: z.int() })

/** How many deliveries are not at their end. */
export async function pendingDeliveries(tx: Tx): Promise<number> {
  const row = await tx.get(
    sql`SELECT count(*) AS pending FROM delivery WHERE next_at IS NOT NULL`,
    Count,
  )
  return row?.pending ?? 0
}
