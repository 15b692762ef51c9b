import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import { json } from './column.ts'
import { list, sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * A lane is a kind together with labels and demands: all its jobs can be served by the same workers.
 * Names hold no space and demands a colon, so the text can be taken apart again.
 */
export const laneOf = (
  kind: string,
  labels: readonly string[],
  demands: readonly string[] = [],
): string => [kind, ...labels.toSorted(), ...demands.toSorted()].join(' ')

export function serves(worker: WorkerIdentity, lane: string): boolean {
  const [kind = '', ...parts] = lane.split(' ')
  return (
    worker.kinds.includes(kind) &&
    parts.every((part) =>
      part.includes(':') ? isOffered(part, worker.offers) : worker.labels.includes(part),
    )
  )
}

const isOffered = (demand: string, offers: readonly string[]): boolean =>
  offers.some((offer) =>
    offer.endsWith('*') ? demand.startsWith(offer.slice(0, -1)) : demand === offer,
  )

const Lane = z.object({ lane: z.string() })

/**
 * All lanes that hold a ready job. Jumps from lane to lane through the index, so its cost grows
 * with the number of lanes (some 2 µs each), not with the number of jobs.
 */
export async function readyLanes(tx: Tx): Promise<readonly string[]> {
  const rows = await tx.all(
    sql`
      WITH RECURSIVE ready (lane) AS (
        SELECT min(ready_lane) FROM job WHERE ready_lane IS NOT NULL
        UNION ALL
        SELECT (SELECT min(ready_lane) FROM job WHERE ready_lane > ready.lane)
        FROM ready WHERE ready.lane IS NOT NULL
      )
      SELECT lane FROM ready WHERE lane IS NOT NULL`,
    Lane,
  )
  return rows.map((row) => row.lane)
}

const Head = z.object({
  number: z.int(),
  id: JobId,
  lane: z.string(),
  priority: z.int(),
  attempt: z.int(),
  locks: json(z.array(z.string())),
  wokenFor: z.string().nullable(),
})
/** The job of a lane that is next. */
export type Head = z.infer<typeof Head>

const SELECT_HEAD = sql`
  SELECT number, id, lane, priority, attempt, locks, woken_for AS "wokenFor" FROM job`

/**
 * The lane's best ready job: highest priority, then first come.
 * @param but numbers of jobs that others work on
 */
export function headOf(tx: Tx, lane: string, but: ReadonlySet<number>): Promise<Head | undefined> {
  const [first, ...rest] = but
  const others = first === undefined ? sql`` : sql`AND number NOT IN (${list([first, ...rest])})`
  return tx.get(
    sql`${SELECT_HEAD} WHERE ready_lane = ${lane} ${others} ORDER BY priority DESC, number LIMIT 1`,
    Head,
  )
}

/** The same job as it is now, if it is still ready. */
export const stillReady = (tx: Tx, head: Head): Promise<Head | undefined> =>
  tx.get(sql`${SELECT_HEAD} WHERE number = ${head.number} AND ready_lane IS NOT NULL`, Head)

/** The better of two heads. */
export const better = (one: Head, other: Head): Head =>
  one.priority > other.priority || (one.priority === other.priority && one.number < other.number)
    ? one
    : other
