import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { tryHold } from '../hold.ts'
import { requeuePaused } from '../requeue-paused.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Who resumed it, as the event says. */
const BY = 'time'

const Due = z.object({ id: JobId })

/**
 * Queues jobs that were paused until a moment which has come, longest ago first. What is found due
 * stays so: where transactions run side by side, nobody else writes its row meanwhile.
 */
export async function resumeDue(tx: Tx, limit: number): Promise<number> {
  const due = await tx.all(
    sql`SELECT id FROM job WHERE resume_at <= ${tx.now}
      ORDER BY resume_at LIMIT ${limit} ${tx.skipLocked}`,
    Due,
  )
  let resumed = 0
  for (const { id } of due) {
    // Somebody is at it: it is resumed or cancelled by then, or due at the next turn.
    if (!(await tryHold(tx, { id, locks: [] }))) continue
    if (await requeuePaused(tx, id, BY)) resumed += 1
  }
  return resumed
}
