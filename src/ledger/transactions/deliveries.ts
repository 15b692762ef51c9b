import { Delivery } from '../../domain/delivery.ts'
import { SELECT_DELIVERY } from '../delivery-row.ts'
import type { DeliveryPage } from '../port.ts'
import { join, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Newest job first. Each state is read by itself, so that its index gives the order. */
export async function deliveries(tx: Tx, page: DeliveryPage): Promise<readonly Delivery[]> {
  const { jobId, after, limit } = page
  const rows: Delivery[] = []
  for (const state of page.states ?? [null]) {
    const conditions = [
      sql`1 = 1`,
      ...(jobId === null ? [] : [sql`job_id = ${jobId}`]),
      ...(state === null ? [] : [sql`state = ${state}`]),
      ...(after === null ? [] : [sql`id < ${after}`]),
    ]
    const where = join(conditions, ' AND ')
    rows.push(
      ...(await tx.all(
        sql`${SELECT_DELIVERY} WHERE ${where} ORDER BY id DESC LIMIT ${limit}`,
        Delivery,
      )),
    )
  }
  return rows.toSorted((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit)
}
