import { AppError } from '../domain/errors.ts'
import { Delivery } from '../domain/delivery.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Selects deliveries as `Delivery` parses them; a WHERE clause may follow. */
export const SELECT_DELIVERY = sql`
  SELECT
    delivery.id, delivery.job_id AS "jobId", delivery.seq, delivery.event, callback.url,
    delivery.state, delivery.tries, delivery.next_at AS "nextAt", delivery.status, delivery.error,
    delivery.created_at AS "createdAt", delivery.ended_at AS "endedAt"
  FROM delivery
  JOIN callback ON callback.job_id = delivery.job_id AND callback.number = delivery.callback`

/** One delivery. Throws `delivery-not-found`. */
export async function readDelivery(tx: Tx, id: string): Promise<Delivery> {
  const row = await tx.get(sql`${SELECT_DELIVERY} WHERE delivery.id = ${id}`, Delivery)
  if (row !== undefined) return row
  throw new AppError('delivery-not-found', `There is no delivery ${id}.`)
}
