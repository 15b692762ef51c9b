import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { Delivery } from '../domain/delivery.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Selects deliveries as `DeliveryRow` parses them; a WHERE clause may follow. */
export const SELECT_DELIVERY = sql`
  SELECT
    job_number AS "jobNumber", id, job_id AS "jobId", seq, event, url, state, tries, next_at AS "nextAt", status, error,
    created_at AS "createdAt", ended_at AS "endedAt"
  FROM delivery`

/** A row with the place of its job in the order of arrival. */
export const DeliveryRow = Delivery.extend({ jobNumber: z.int() }).transform(
  ({ jobNumber, ...delivery }) => ({ jobNumber, delivery }),
)
export type DeliveryRow = z.infer<typeof DeliveryRow>

/** One delivery. Throws `delivery-not-found`. */
export async function readDelivery(tx: Tx, id: string): Promise<Delivery> {
  const row = await tx.get(sql`${SELECT_DELIVERY} WHERE id = ${id}`, DeliveryRow)
  if (row !== undefined) return row.delivery
  throw new AppError('delivery-not-found', `There is no delivery ${id}.`)
}
