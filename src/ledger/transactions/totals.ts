import { z } from 'zod'
import { addUsage, Usage } from '../../domain/outcome.ts'
import { JobState } from '../../domain/state.ts'
import { addTotals, NO_TOTALS, type Totals } from '../../domain/totals.ts'
import { flag, json } from '../column.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** 1 if another job continues the job, otherwise 0. */
export const IS_CONTINUED = sql`
  CASE WHEN EXISTS (SELECT 1 FROM job AS later WHERE later.retry_of = job.id) THEN 1 ELSE 0 END`

/** The number of jobs with the same values in the other columns. */
const Row = z.object({
  state: JobState,
  continued: flag,
  waitsForPerson: flag,
  jobs: z.int(),
})
const Used = z.object({ usage: json(Usage) })

/** Adds up the jobs of a group. The totals are all zero if there is no such group. */
export async function totals(tx: Tx, group: string): Promise<Totals> {
  const rows = await tx.all(
    sql`SELECT job.state, ${IS_CONTINUED} AS continued, COUNT(*) AS jobs,
        CASE WHEN job.state = 'paused' AND job.resume_at IS NULL THEN 1 ELSE 0 END
          AS "waitsForPerson"
      FROM job WHERE job.group_name = ${group} GROUP BY 1, 2, 4`,
    Row,
  )
  const used = await tx.all(
    sql`SELECT usage FROM job WHERE group_name = ${group} AND usage IS NOT NULL`,
    Used,
  )
  const usage = used.reduce<Usage | null>(
    (sum, row) => (sum === null ? row.usage : addUsage(sum, row.usage)),
    null,
  )
  return rows.map(totalsOfRow).reduce(addTotals, { ...NO_TOTALS, usage })
}

function totalsOfRow({ state, continued, waitsForPerson, jobs }: z.infer<typeof Row>): Totals {
  if (continued) return { ...NO_TOTALS, continued: jobs }
  return {
    ...NO_TOTALS,
    jobs: { ...NO_TOTALS.jobs, [state]: jobs },
    waitingForPerson: waitsForPerson ? jobs : 0,
  }
}
