import type { DeliveryEnd, TakenDelivery } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Notes what a try came to, unless the lease ran out and somebody else took the delivery. */
export async function markDelivery(
  tx: Tx,
  { id, until }: Pick<TakenDelivery, 'id' | 'until'>,
  { sent, next }: DeliveryEnd,
): Promise<boolean> {
  const status = sent.kind === 'answered' ? sent.status : null
  const error = sent.kind === 'answered' ? null : sent.error
  const pending = next.state === 'pending'
  const changed = await tx.run(sql`
    UPDATE delivery SET
      state = ${next.state}, status = ${status}, error = ${error},
      next_at = ${pending ? tx.now + next.delayMs : null}, ended_at = ${pending ? null : tx.now}
    WHERE id = ${id} AND next_at = ${until}`)
  return changed === 1
}
