import { z } from 'zod'
import type { TakenDelivery } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Due = z.object({ id: z.string() })
const Taken = z.object({
  id: z.string(),
  url: z.string(),
  body: z.string(),
  tries: z.int(),
  until: z.int(),
})

/**
 * Takes the delivery that is due longest, or null. Taken means put off by a lease: whoever took it
 * and died leaves it to the next. No name is held, because its row is all that it changes.
 */
export async function takeDelivery(tx: Tx, leaseMs: number): Promise<TakenDelivery | null> {
  const due = await tx.get(
    sql`SELECT id FROM delivery WHERE next_at <= ${tx.now} ORDER BY next_at LIMIT 1 ${tx.skipLocked}`,
    Due,
  )
  if (due === undefined) return null
  await tx.run(sql`
    UPDATE delivery SET tries = tries + 1, next_at = ${tx.now + leaseMs} WHERE id = ${due.id}`)
  const taken = await tx.get(
    sql`SELECT delivery.id, url, body, tries, next_at AS until FROM delivery
      JOIN callback ON callback.job_id = delivery.job_id AND callback.number = delivery.callback
      WHERE delivery.id = ${due.id}`,
    Taken,
  )
  return taken ?? null
}
