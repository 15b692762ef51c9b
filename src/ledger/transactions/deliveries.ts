import { z } from 'zod'
import { Delivery } from '../../domain/delivery.ts'
import { AppError } from '../../domain/errors.ts'
import { lockJob } from '../advisory-locks.ts'
import type { DeliveryEnd, DeliveryPage, TakenDelivery } from '../delivery-rows.ts'
import { join, list, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Selects deliveries in the form that `DeliveryRow` parses. Callers may append a WHERE clause. */
const SELECT_DELIVERY = sql`
  SELECT
    job_number AS "jobNumber", id, job_id AS "jobId", seq, event, url, state, tries, next_at AS "nextAt", status, error,
    created_at AS "createdAt", ended_at AS "endedAt"
  FROM delivery`

/** A delivery, and its job's `number`, which counts jobs in the order of submission. */
const DeliveryRow = Delivery.extend({ jobNumber: z.int() }).transform(
  ({ jobNumber, ...delivery }) => ({ jobNumber, delivery }),
)
type DeliveryRow = z.infer<typeof DeliveryRow>

/** Reads one delivery. Throws `delivery-not-found`. */
async function readDelivery(tx: Tx, id: string): Promise<Delivery> {
  const row = await tx.get(sql`${SELECT_DELIVERY} WHERE id = ${id}`, DeliveryRow)
  if (row !== undefined) return row.delivery
  throw new AppError('delivery-not-found', `There is no delivery ${id}.`)
}

/**
 * Lists deliveries, those of the newest job first, and for each job those of the newest event
 * first. If the page is limited to certain states, queries each state separately, so that an index
 * provides the order. Throws `cursor-invalid` if the delivery `page.after` does not exist.
 */
export async function deliveries(tx: Tx, page: DeliveryPage): Promise<readonly Delivery[]> {
  const { jobId, after, limit } = page
  const before = after === null ? null : await positionOf(tx, after)
  const rows: DeliveryRow[] = []
  for (const state of page.states ?? [null]) {
    const conditions = [
      sql`1 = 1`,
      ...(jobId === null ? [] : [sql`job_id = ${jobId}`]),
      ...(state === null ? [] : [sql`state = ${state}`]),
      ...(before === null ? [] : [sql`(job_number, id) < (${before}, ${after})`]),
    ]
    // Within one job, the index orders the deliveries by id alone.
    const newest = jobId === null ? sql`job_number DESC, id DESC` : sql`id DESC`
    rows.push(
      ...(await tx.all(
        sql`${SELECT_DELIVERY} WHERE ${join(conditions, ' AND ')} ORDER BY ${newest} LIMIT ${limit}`,
        DeliveryRow,
      )),
    )
  }
  return rows
    .toSorted(newestFirst)
    .slice(0, limit)
    .map(({ delivery }) => delivery)
}

const Position = z.object({ jobNumber: z.int() })

async function positionOf(tx: Tx, id: string): Promise<number> {
  const position = await tx.get(
    sql`SELECT job_number AS "jobNumber" FROM delivery WHERE id = ${id}`,
    Position,
  )
  if (position !== undefined) return position.jobNumber
  throw new AppError(
    'cursor-invalid',
    `Cannot list the deliveries after ${id}: there is no such delivery.`,
  )
}

const newestFirst = (one: DeliveryRow, other: DeliveryRow): number =>
  other.jobNumber - one.jobNumber || (one.delivery.id < other.delivery.id ? 1 : -1)

const Count = z.object({ pending: z.int() })

/** Counts the deliveries that are neither delivered nor failed. */
export async function pendingDeliveries(tx: Tx): Promise<number> {
  const row = await tx.get(
    sql`SELECT count(*) AS pending FROM delivery WHERE next_at IS NOT NULL`,
    Count,
  )
  return row?.pending ?? 0
}

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
 * Leases the delivery that has been due longest, except deliveries to the given hosts. Returns null
 * if no other delivery is due. If the hub dies while it sends the delivery, the delivery is due
 * again when the lease expires. Needs no advisory lock, because it changes a single row.
 */
export async function takeDelivery(
  tx: Tx,
  leaseMs: number,
  [first, ...others]: readonly string[],
): Promise<TakenDelivery | null> {
  const hostFilter =
    first === undefined ? sql`` : sql`AND host NOT IN (${list([first, ...others])})`
  const due = await tx.get(
    sql`SELECT id FROM delivery WHERE next_at <= ${tx.now} ${hostFilter}
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

/**
 * Records the result of a try. Returns false, and changes nothing, if the lease has expired and the
 * delivery was taken again meanwhile.
 */
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

/**
 * Makes a delivery start over, whatever its state: it keeps its id, is due now, and its tries are
 * counted from zero again. Locks the job, because otherwise a concurrent `forget` could delete the
 * job and its deliveries.
 */
export async function resendDelivery(tx: Tx, id: string): Promise<Delivery> {
  await lockJob(tx, (await readDelivery(tx, id)).jobId)
  await tx.run(sql`
    UPDATE delivery SET state = 'pending', tries = 0, next_at = ${tx.now}, ended_at = NULL
    WHERE id = ${id}`)
  return readDelivery(tx, id)
}
