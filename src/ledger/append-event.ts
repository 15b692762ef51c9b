import { z } from 'zod'
import type { LedgerEvent, WorkerEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import { writeDeliveries } from './outbox.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** The job and attempt of an event; `attempt` is null for an event outside any attempt. */
export type EventOf = { readonly jobId: JobId; readonly attempt: number | null }

const Written = z.object({ seq: z.int(), callbacks: z.int() })

/**
 * Appends the job's next event and its callback deliveries, in the transaction that causes the
 * event. Sequence numbers have no gaps. The caller updates the job's row first, because deliveries
 * contain the job.
 */
export async function appendEvent(
  tx: Tx,
  of: EventOf,
  event: WorkerEvent | LedgerEvent,
): Promise<void> {
  const written = await tx.get(
    sql`INSERT INTO event (job_id, seq, at, attempt, type, body)
    VALUES (
      ${of.jobId},
      (SELECT coalesce(max(seq), 0) + 1 FROM event WHERE job_id = ${of.jobId}),
      ${tx.now}, ${of.attempt}, ${event.type}, ${JSON.stringify(event)}
    ) RETURNING seq, (SELECT count(*) FROM callback WHERE job_id = ${of.jobId}) AS callbacks`,
    Written,
  )
  if (written === undefined) throw new Error(`event ${event.type} of ${of.jobId} was not written`)
  const { seq, callbacks } = written
  if (callbacks > 0) await writeDeliveries(tx, of.jobId, { seq, type: event.type })
  tx.notify({ kind: 'job', jobId: of.jobId })
}
