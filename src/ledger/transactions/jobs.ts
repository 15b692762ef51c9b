import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Job } from '../../domain/job.ts'
import { JobState } from '../../domain/state.ts'
import { JobRow, SELECT_JOB } from '../job-row.ts'
import type { JobFilter, JobPage } from '../job-page.ts'
import { join, sql, type Statement } from '../sql.ts'
import type { Tx } from '../transaction.ts'
import { IS_CONTINUED } from './totals.ts'

/**
 * Lists jobs, newest first. If the filter names states or a group, queries each state separately,
 * so that an index provides the order. Throws `cursor-invalid` if the job `page.after` does not
 * exist.
 */
export async function jobs(tx: Tx, page: JobPage): Promise<readonly Job[]> {
  const before = await positionOf(tx, page)
  const rows: JobRow[] = []
  // The index on groups orders jobs by group, state and number. It provides the order by number
  // only within a single state, so a query by group is split by state.
  const { states, group } = page.filter
  for (const state of states ?? (group === undefined ? [null] : JobState.options)) {
    const where = join([sql`1 = 1`, ...conditions(page.filter, state, before)], ' AND ')
    rows.push(
      ...(await tx.all(
        sql`${SELECT_JOB} WHERE ${where} ORDER BY job.number DESC LIMIT ${page.limit}`,
        JobRow,
      )),
    )
  }
  return rows
    .toSorted((one, other) => other.number - one.number)
    .slice(0, page.limit)
    .map((row) => row.job)
}

const Position = z.object({ number: z.int() })

async function positionOf(tx: Tx, page: JobPage): Promise<number | null> {
  if (page.after === null) return null
  const position = await tx.get(sql`SELECT number FROM job WHERE id = ${page.after}`, Position)
  if (position !== undefined) return position.number
  throw new AppError(
    'cursor-invalid',
    `Cannot list the jobs after ${page.after}: there is no such job.`,
  )
}

function conditions(
  filter: JobFilter,
  state: JobState | null,
  before: number | null,
): readonly Statement[] {
  const { kind, label, group, text, createdFrom, createdBefore, continued } = filter
  return [
    state === null ? undefined : sql`job.state = ${state}`,
    before === null ? undefined : sql`job.number < ${before}`,
    group === undefined ? undefined : sql`job.group_name = ${group}`,
    kind === undefined ? undefined : sql`job.kind = ${kind}`,
    label === undefined ? undefined : contains(sql`job.labels`, JSON.stringify(label)),
    text === undefined ? undefined : contains(sql`job.search`, text.toLowerCase()),
    createdFrom === undefined ? undefined : sql`job.created_at >= ${createdFrom}`,
    createdBefore === undefined ? undefined : sql`job.created_at < ${createdBefore}`,
    continued === undefined ? undefined : sql`${IS_CONTINUED} = ${continued ? 1 : 0}`,
  ].filter((condition) => condition !== undefined)
}

const contains = (column: Statement, text: string): Statement =>
  sql`${column} LIKE ${`%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`} ESCAPE '\\'`

const Count = z.object({ kind: z.string(), state: JobState, jobs: z.int() })
type Count = Readonly<z.infer<typeof Count>>

/**
 * Returns the number of jobs per kind and state. Triggers maintain these counts, so reading them is
 * cheap.
 */
export const counts = (tx: Tx): Promise<readonly Count[]> =>
  tx.all(sql`SELECT kind, state, jobs FROM job_count WHERE jobs > 0 ORDER BY kind, state`, Count)
