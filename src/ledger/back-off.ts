import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Maximum number of jobs that one transaction wakes; later transactions wake the rest. */
const DUE_MAX = 200

/**
 * Makes the jobs whose `not_before` has passed ready to be claimed: their backoff or delayed start
 * is over.
 */
export async function wakeDue(tx: Tx): Promise<void> {
  const woken = await tx.run(sql`
    UPDATE job SET not_before = NULL
    WHERE number IN (
      SELECT number FROM job WHERE not_before <= ${tx.now}
      ORDER BY not_before LIMIT ${DUE_MAX} ${tx.skipLocked}
    )`)
  if (woken > 0) tx.notify({ kind: 'ready' })
}
