import { z } from 'zod'
import { Callback, CallbackEvent } from '../domain/callback.ts'
import { type CallbackBody, CallbackJob } from '../domain/delivery.ts'
import type { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { readJob } from './job-row.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

type Cause = { readonly seq: number; readonly type: string }

/**
 * Writes one delivery for each callback that subscribed to this event. The deliveries are written
 * in the event's transaction (a transactional outbox), so they are stored if and only if the event
 * is.
 */
export async function writeDeliveries(tx: Tx, jobId: JobId, cause: Cause): Promise<void> {
  const event = CallbackEvent.safeParse(cause.type).data
  if (event === undefined) return
  const callbacks = await readCallbacks(tx, jobId)
  const asked = callbacks.filter(({ events }) => events.includes(event))
  if (asked.length === 0) return
  const body = await bodyOf(tx, jobId, { seq: cause.seq, event })
  for (const { number, url } of asked) {
    await tx.run(sql`
      INSERT INTO delivery (
        id, job_id, job_number, seq, event, url, host, body, state, tries, next_at, created_at
      ) VALUES (
        ${deliveryId(jobId, cause.seq, number)}, ${jobId},
        (SELECT number FROM job WHERE id = ${jobId}), ${cause.seq}, ${event}, ${url},
        ${new URL(url).host}, ${body}, 'pending', 0, ${tx.now}, ${tx.now}
      )`)
  }
}

/** Stores the callbacks of a new job. */
export async function addCallbacks(
  tx: Tx,
  jobId: JobId,
  callbacks: readonly Callback[],
): Promise<void> {
  for (const [index, { url, events }] of callbacks.entries()) {
    await tx.run(sql`
      INSERT INTO callback (job_id, number, url, events)
      VALUES (${jobId}, ${index + 1}, ${url}, ${JSON.stringify(events)})`)
  }
}

const Row = Callback.extend({ number: z.int(), events: json(z.array(CallbackEvent)) })

/**
 * Reads the job's callbacks. They are numbered from 1 in the order in which the submission lists
 * them.
 */
const readCallbacks = (tx: Tx, jobId: JobId): Promise<readonly z.infer<typeof Row>[]> =>
  tx.all(sql`SELECT number, url, events FROM callback WHERE job_id = ${jobId} ORDER BY number`, Row)

/** Returns a job's callbacks as they were submitted. Throws `job-not-found`. */
export async function callbacksOf(tx: Tx, jobId: JobId): Promise<readonly Callback[]> {
  await readJob(tx, jobId)
  return (await readCallbacks(tx, jobId)).map(({ url, events }) => ({ url, events }))
}

/**
 * The id of a delivery; for event 7 and callback 1 it ends with `_00000007_1`. The id depends only
 * on the job, the event and the callback, so that receivers can detect duplicates. Sorting the
 * deliveries of one job by id puts them in the order of the job's events.
 */
const deliveryId = (jobId: JobId, seq: number, callback: number): string =>
  `msg_${jobId.replaceAll('-', '')}_${String(seq).padStart(8, '0')}_${callback}`

async function bodyOf(
  tx: Tx,
  jobId: JobId,
  { seq, event }: { readonly seq: number; readonly event: CallbackEvent },
): Promise<string> {
  const job = CallbackJob.parse(await readJob(tx, jobId))
  const body: CallbackBody = {
    type: `job.${event}`,
    timestamp: new Date(tx.now).toISOString(),
    data: { seq, job },
  }
  return JSON.stringify(body)
}
