import { AppError } from '../domain/errors.ts'
import { Delivery } from '../domain/delivery.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Selects deliveries as `Delivery` parses them; a WHERE clause may follow. */
export const SELECT_DELIVERY = sql`
  SELECT
    id, job_id AS "jobId", seq, event, url, state, tries, next_at AS "nextAt", status, error,
    created_at AS "createdAt", ended_at AS "endedAt"
  FROM delivery`

/** One delivery. Throws `delivery-not-found`. */
export async function readDelivery(tx: Tx, id: string): Promise<Delivery> {
  const row = await tx.get(sql`${SELECT_DELIVERY} WHERE id = ${id}`, Delivery)
  if (row !== undefined) return row
  throw new AppError('delivery-not-found', `There is no delivery ${id}.`)
}
