import { z } from 'zod'
import type { Delivery } from '../../domain/delivery.ts'
import { AppError } from '../../domain/errors.ts'
import { DeliveryRow, SELECT_DELIVERY } from '../delivery-row.ts'
import type { DeliveryPage } from '../port.ts'
import { join, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/**
 * Newest job first, and of one job the newest event first. Each state is read by itself, so that its
 * index gives the order. Throws `cursor-invalid`.
 */
export async function deliveries(tx: Tx, page: DeliveryPage): Promise<readonly Delivery[]> {
  const { jobId, after, limit } = page
  const before = after === null ? null : await placeOf(tx, after)
  const rows: DeliveryRow[] = []
  for (const state of page.states ?? [null]) {
    const conditions = [
      sql`1 = 1`,
      ...(jobId === null ? [] : [sql`job_id = ${jobId}`]),
      ...(state === null ? [] : [sql`state = ${state}`]),
      ...(before === null ? [] : [sql`(job_number, id) < (${before}, ${after})`]),
    ]
    // The index of a job's deliveries is ordered by id.
    const newest = jobId === null ? sql`job_number DESC, id DESC` : sql`id DESC`
    rows.push(
      ...(await tx.all(
        sql`${SELECT_DELIVERY} WHERE ${join(conditions, ' AND ')} ORDER BY ${newest} LIMIT ${limit}`,
        DeliveryRow,
      )),
    )
  }
  return rows
    .toSorted(newestFirst)
    .slice(0, limit)
    .map(({ delivery }) => delivery)
}

const Place = z.object({ jobNumber: z.int() })

async function placeOf(tx: Tx, id: string): Promise<number> {
  const place = await tx.get(
    sql`SELECT job_number AS "jobNumber" FROM delivery WHERE id = ${id}`,
    Place,
  )
  if (place !== undefined) return place.jobNumber
  throw new AppError('cursor-invalid', `The page after delivery ${id} is gone with its job.`)
}

const newestFirst = (one: DeliveryRow, other: DeliveryRow): number =>
  other.jobNumber - one.jobNumber || (one.delivery.id < other.delivery.id ? 1 : -1)
