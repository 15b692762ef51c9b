import type { z } from 'zod'
import { JobState } from '../../domain/state.ts'
import { addTotals, NO_TOTALS, type Totals } from '../../domain/totals.ts'
import { UsageSum } from '../../domain/usage-report.ts'
import { flag } from '../column.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'
import { sumsOf } from '../usage-sums.ts'

/** SQL that is 1 if another job continues the job, otherwise 0. */
export const IS_CONTINUED = sql`
  CASE WHEN EXISTS (SELECT 1 FROM job AS later WHERE later.retry_of = job.id) THEN 1 ELSE 0 END`

/** The usage of all jobs with the same `state`, `continued` and `waitsForPerson`. */
const Row = UsageSum.extend({ state: JobState, continued: flag, waitsForPerson: flag })

/**
 * Counts a group's jobs by state and sums their usage. For an unknown group, all numbers are zero.
 */
export async function totals(tx: Tx, group: string): Promise<Totals> {
  const rows = await tx.all(
    sql`SELECT job.state, ${IS_CONTINUED} AS continued,
        CASE WHEN job.state = 'paused' AND job.resume_at IS NULL THEN 1 ELSE 0 END
          AS "waitsForPerson",
        ${sumsOf(tx)}
      FROM job WHERE job.group_name = ${group} GROUP BY 1, 2, 3`,
    Row,
  )
  return rows.map(totalsOfRow).reduce(addTotals, NO_TOTALS)
}

function totalsOfRow({ state, continued, waitsForPerson, ...usage }: z.infer<typeof Row>): Totals {
  if (continued) return { ...NO_TOTALS, continued: usage.jobs, usage }
  return {
    jobs: { ...NO_TOTALS.jobs, [state]: usage.jobs },
    continued: 0,
    waitingForPerson: waitsForPerson ? usage.jobs : 0,
    usage,
  }
}
