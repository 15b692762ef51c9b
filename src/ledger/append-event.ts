import { z } from 'zod'
import type { LedgerEvent, WorkerEvent } from '../domain/event.ts'
import type { JobId } from '../domain/id.ts'
import { writeDeliveries } from './outbox.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Which job and attempt an event belongs to. `attempt` is null if the event is not part of an
 * attempt.
 */
export type EventOf = { readonly jobId: JobId; readonly attempt: number | null }

const Written = z.object({ seq: z.int(), callbacks: z.int() })

/**
 * Appends an event to the job and stores the event's callback deliveries. The caller makes the
 * change that the event reports in the same transaction, and updates the job's row before this
 * call, because each delivery contains the job's state. A job's events are numbered 1, 2, 3 and so
 * on, without gaps.
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
  if (written === undefined)
    throw new Error(`the ${event.type} event of job ${of.jobId} was not written`)
  const { seq, callbacks } = written
  if (callbacks > 0) await writeDeliveries(tx, of.jobId, { seq, type: event.type })
  tx.notify({ kind: 'job', jobId: of.jobId })
}
