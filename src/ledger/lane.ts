import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import { json } from './column.ts'
import { list, sql, type Statement } from './sql.ts'
import type { Tx } from './transaction.ts'

const Head = z.object({
  number: z.int(),
  id: JobId,
  lane: z.string(),
  priority: z.int(),
  attempt: z.int(),
  locks: json(z.array(z.string())),
  wokenFor: z.string().nullable(),
})
/** The first job of a lane, which is the next to be claimed. */
export type Head = z.infer<typeof Head>

const SELECT_HEAD = sql`
  SELECT number, id, lane, priority, attempt, locks, woken_for AS "wokenFor" FROM job`

/**
 * Returns the best ready job of each lane: the one with the highest priority or, among equals, the
 * one submitted first. The index has the same order, so the query jumps from the first job of one
 * lane to the first job of the next. Its cost grows with the number of lanes, not of jobs.
 */
export const readyHeads = (tx: Tx): Promise<readonly Head[]> =>
  tx.all(
    sql`
      WITH RECURSIVE head (number) AS (
        SELECT (
          SELECT number FROM job WHERE ready_lane IS NOT NULL
          ORDER BY ready_lane, priority DESC, number LIMIT 1
        )
        UNION ALL
        SELECT (
          SELECT number FROM job AS next WHERE next.ready_lane > job.ready_lane
          ORDER BY ready_lane, priority DESC, number LIMIT 1
        )
        FROM head JOIN job USING (number)
      )
      ${SELECT_HEAD} JOIN head USING (number)`,
    Head,
  )

function without(numbers: ReadonlySet<number>): Statement {
  const [first, ...rest] = numbers
  return first === undefined ? sql`` : sql`AND number NOT IN (${list([first, ...rest])})`
}

/**
 * Returns the lane's best ready job: the one with the highest priority or, among equals, the one
 * submitted first.
 * @param except numbers of jobs to skip: another transaction has locked the job, or it is no longer
 * ready
 */
export function headOf(
  tx: Tx,
  lane: string,
  except: ReadonlySet<number>,
): Promise<Head | undefined> {
  return tx.get(
    sql`${SELECT_HEAD} WHERE ready_lane = ${lane} ${without(except)} ORDER BY priority DESC, number LIMIT 1`,
    Head,
  )
}

/**
 * Returns the job that tries a closed resource next: of the ready jobs of these lanes, the one that
 * was deferred least often and, among equals, the one with the highest priority, then the one
 * submitted first. Therefore a job whose own requests always fail does not keep the other jobs from
 * trying.
 */
export const leastDeferred = (
  tx: Tx,
  lanes: readonly [string, ...string[]],
  except: ReadonlySet<number>,
): Promise<Head | undefined> =>
  tx.get(
    sql`${SELECT_HEAD} WHERE ready_lane IN (${list(lanes)}) ${without(except)}
      ORDER BY deferrals, priority DESC, number LIMIT 1`,
    Head,
  )

/** Reads the job of this head again. Returns undefined if the job is no longer ready. */
export const stillReady = (tx: Tx, head: Head): Promise<Head | undefined> =>
  tx.get(sql`${SELECT_HEAD} WHERE number = ${head.number} AND ready_lane IS NOT NULL`, Head)

/**
 * Returns the job with the higher priority or, if the priorities are equal, the one submitted
 * first.
 */
export const better = (one: Head, other: Head): Head =>
  one.priority > other.priority || (one.priority === other.priority && one.number < other.number)
    ? one
    : other
