import type { JobId } from '../domain/id.ts'
import { appendEvent } from './append-event.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Queues a held job again if it is paused. What it still holds of its lock keys it keeps until it
 * is claimed.
 */
export async function requeuePaused(tx: Tx, jobId: JobId, by: string): Promise<boolean> {
  const changed = await tx.run(sql`
    UPDATE job SET state = 'queued', reason = 'resumed', detail = '', resume_at = NULL
    WHERE id = ${jobId} AND state = 'paused'`)
  if (changed === 0) return false
  await appendEvent(tx, { jobId, attempt: null }, { type: 'resumed', by })
  tx.signal({ kind: 'ready' })
  return true
}
