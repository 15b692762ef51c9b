import type { LedgerEvent, WorkerEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** Whose event it is; `attempt` is null for what happens outside an attempt. */
export type EventOf = { readonly jobId: JobId; readonly attempt: number | null }

/** Adds the job's next event, in the transaction of its cause. Sequence numbers have no gap. */
export async function appendEvent(
  tx: Tx,
  of: EventOf,
  event: WorkerEvent | LedgerEvent,
): Promise<void> {
  await tx.run(sql`
    INSERT INTO event (job_id, seq, at, attempt, type, body)
    VALUES (
      ${of.jobId},
      (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE job_id = ${of.jobId}),
      ${tx.now}, ${of.attempt}, ${event.type}, ${JSON.stringify(event)}
    )`)
  tx.signal({ kind: 'job', jobId: of.jobId })
}
