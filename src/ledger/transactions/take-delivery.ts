import { z } from 'zod'
import type { TakenDelivery } from '../port.ts'
import { list, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Due = z.object({ id: z.string() })
const Taken = z.object({
  id: z.string(),
  url: z.string(),
  host: z.string(),
  body: z.string(),
  tries: z.int(),
  until: z.int(),
})

/**
 * Takes the delivery that is due longest, or null. Taken means put off by a lease: whoever took it
 * and died leaves it to the next. No name is held, because its row is all that it changes.
 */
export async function takeDelivery(
  tx: Tx,
  leaseMs: number,
  [first, ...others]: readonly string[],
): Promise<TakenDelivery | null> {
  const elsewhere = first === undefined ? sql`` : sql`AND host NOT IN (${list([first, ...others])})`
  const due = await tx.get(
    sql`SELECT id FROM delivery WHERE next_at <= ${tx.now} ${elsewhere}
      ORDER BY next_at LIMIT 1 ${tx.skipLocked}`,
    Due,
  )
  if (due === undefined) return null
  const taken = await tx.get(
    sql`UPDATE delivery SET tries = tries + 1, next_at = ${tx.now + leaseMs} WHERE id = ${due.id}
      RETURNING id, url, host, body, tries, next_at AS until`,
    Taken,
  )
  return taken ?? null
}
