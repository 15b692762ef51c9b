import { z } from 'zod'
import {
  addUsage,
  NO_USAGE,
  type UsageBy,
  type UsageReport,
  UsageSum,
  USAGE_ROWS_MAX,
} from '../../domain/usage-report.ts'
import type { UsageFilter } from '../port.ts'
import { sql, type Statement } from '../sql.ts'
import type { Tx } from '../transaction.ts'
import { sumsOf } from '../usage-sums.ts'

const DAY_MS = 86_400_000

const Keyed = UsageSum.extend({ key: z.union([z.string(), z.int()]).nullable() })

/**
 * Sums the usage of the jobs that were submitted in a period. The database groups them by a column.
 * Columns such as labels hold JSON lists, so this function then adds each sum to every name in its
 * list.
 */
export async function usageReport(
  tx: Tx,
  { by, createdFrom, createdBefore }: UsageFilter,
): Promise<UsageReport> {
  const { column, keysOf } = GROUPINGS[by]
  const sums = await tx.all(
    sql`SELECT ${column(tx)} AS key, ${sumsOf(tx)} FROM job
      WHERE created_at >= ${createdFrom} AND created_at < ${createdBefore}
      GROUP BY 1`,
    Keyed,
  )
  const byKey = new Map<string | null, UsageSum>()
  for (const { key, ...sum } of sums) {
    const keys = key === null ? [] : keysOf(key)
    for (const one of keys.length === 0 ? [null] : keys) {
      byKey.set(one, addUsage(byKey.get(one) ?? NO_USAGE, sum))
    }
  }
  const rows = Array.from(byKey, ([key, sum]) => ({ key, ...sum })).toSorted(
    by === 'day' ? byKeyOf : byCost,
  )
  return {
    by,
    // The newest days, or the highest costs.
    rows: by === 'day' ? rows.slice(-USAGE_ROWS_MAX) : rows.slice(0, USAGE_ROWS_MAX),
    rowsLeftOut: Math.max(0, rows.length - USAGE_ROWS_MAX),
    total: sums.reduce<UsageSum>(addUsage, NO_USAGE),
  }
}

type Grouping = {
  /** The expression by whose value the database groups. */
  readonly column: (tx: Tx) => Statement
  /** The rows of the report to which a value belongs. */
  readonly keysOf: (value: string | number) => readonly string[]
}

const single = (column: Statement): Grouping => ({
  column: () => column,
  keysOf: (value) => [String(value)],
})

const Names = z.array(z.string())
const namesIn = (value: string | number): readonly string[] =>
  Names.parse(JSON.parse(String(value)))

/** Groups by the demands with a prefix, such as `repo:`, which the kind of the job has made. */
const demanded = (prefix: string): Grouping => ({
  column: () => sql`demands`,
  keysOf: (value) =>
    namesIn(value)
      .filter((demand) => demand.startsWith(prefix))
      .map((demand) => demand.slice(prefix.length)),
})

const GROUPINGS: Record<UsageBy, Grouping> = {
  day: {
    // A constant, because SQLite treats a bound number as a fraction and would not round.
    column: () => sql`created_at / 86400000`,
    keysOf: (value) => [new Date(Number(value) * DAY_MS).toISOString().slice(0, 10)],
  },
  label: { column: () => sql`labels`, keysOf: namesIn },
  repository: demanded('repo:'),
  agent: demanded('agent:'),
  // The tokens of a job that used several models are not known for each, so the models are one row.
  model: {
    column: ({ jsonMember }) => jsonMember(sql`usage`, 'models'),
    keysOf: (value) => {
      const models = namesIn(value).toSorted()
      return models.length === 0 ? [] : [models.join(' + ')]
    },
  },
  submitter: single(sql`submitted_by`),
  group: single(sql`group_name`),
}

type Row = UsageReport['rows'][number]

const byKeyOf = (one: Row, other: Row): number => ((one.key ?? '') < (other.key ?? '') ? -1 : 1)

const byCost = (one: Row, other: Row): number =>
  other.costUsd - one.costUsd ||
  other.inputTokens - one.inputTokens ||
  other.jobs - one.jobs ||
  byKeyOf(one, other)
