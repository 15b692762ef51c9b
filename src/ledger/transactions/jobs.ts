import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Job } from '../../domain/job.ts'
import type { JobState } from '../../domain/state.ts'
import { JobRow, SELECT_JOB } from '../job-row.ts'
import type { JobFilter, JobPage } from '../port.ts'
import { join, sql, type Statement } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Newest first. Each state is read by itself, so that its index gives the order. */
export async function jobs(tx: Tx, page: JobPage): Promise<readonly Job[]> {
  const before = await placeOf(tx, page)
  const rows: JobRow[] = []
  for (const state of page.filter.states ?? [null]) {
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

const Place = z.object({ number: z.int() })

async function placeOf(tx: Tx, page: JobPage): Promise<number | null> {
  if (page.after === null) return null
  const place = await tx.get(sql`SELECT number FROM job WHERE id = ${page.after}`, Place)
  if (place !== undefined) return place.number
  throw new AppError('cursor-invalid', `The page after job ${page.after} is gone with that job.`)
}

function conditions(
  filter: JobFilter,
  state: JobState | null,
  before: number | null,
): readonly Statement[] {
  const { kind, group, label, text, createdFrom, createdBefore } = filter
  return [
    state === null ? undefined : sql`job.state = ${state}`,
    before === null ? undefined : sql`job.number < ${before}`,
    kind === undefined ? undefined : sql`job.kind = ${kind}`,
    group === undefined ? undefined : sql`job.group_name = ${group}`,
    label === undefined ? undefined : contains(sql`job.labels`, JSON.stringify(label)),
    text === undefined ? undefined : contains(sql`job.search`, text.toLowerCase()),
    createdFrom === undefined ? undefined : sql`job.created_at >= ${createdFrom}`,
    createdBefore === undefined ? undefined : sql`job.created_at < ${createdBefore}`,
  ].filter((condition) => condition !== undefined)
}

const contains = (column: Statement, text: string): Statement =>
  sql`${column} LIKE ${`%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`} ESCAPE '\\'`
