import type { Delivery } from '../../domain/delivery.ts'
import { readDelivery } from '../delivery-row.ts'
import { holdJob } from '../hold.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/**
 * Sends once more from now, with all its tries, whatever became of it; the id stays. Holds its
 * job, which may be about to be forgotten.
 */
export async function resendDelivery(tx: Tx, id: string): Promise<Delivery> {
  await holdJob(tx, (await readDelivery(tx, id)).jobId)
  await tx.run(sql`
    UPDATE delivery SET state = 'pending', tries = 0, next_at = ${tx.now}, ended_at = NULL
    WHERE id = ${id}`)
  return readDelivery(tx, id)
}
