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
 * Sums the usage of the jobs that were submitted in a period. The database groups the jobs by the
 * value of an SQL expression. If the value is a JSON list, such as the list of labels, this
 * function adds the group's sum to the report row of each name in the list.
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
    // Keeps the newest days, or the rows with the highest costs.
    rows: by === 'day' ? rows.slice(-USAGE_ROWS_MAX) : rows.slice(0, USAGE_ROWS_MAX),
    rowsLeftOut: Math.max(0, rows.length - USAGE_ROWS_MAX),
    total: sums.reduce<UsageSum>(addUsage, NO_USAGE),
  }
}

type Grouping = {
  /** The SQL expression by which the database groups jobs. */
  readonly column: (tx: Tx) => Statement
  /** The keys of the report rows to which a value of the expression belongs. */
  readonly keysOf: (value: string | number) => readonly string[]
}

const single = (column: Statement): Grouping => ({
  column: () => column,
  keysOf: (value) => [String(value)],
})

const Names = z.array(z.string())
const namesIn = (value: string | number): readonly string[] =>
  Names.parse(JSON.parse(String(value)))

/**
 * Groups jobs by their demands that begin with a prefix, such as `repo:`. The key of a row is the
 * rest of the demand.
 */
const demanded = (prefix: string): Grouping => ({
  column: () => sql`demands`,
  keysOf: (value) =>
    namesIn(value)
      .filter((demand) => demand.startsWith(prefix))
      .map((demand) => demand.slice(prefix.length)),
})

const GROUPINGS: Record<UsageBy, Grouping> = {
  day: {
    // The divisor is a literal, because SQLite would bind a number as floating point, and the
    // quotient would not be truncated to whole days.
    column: () => sql`created_at / 86400000`,
    keysOf: (value) => [new Date(Number(value) * DAY_MS).toISOString().slice(0, 10)],
  },
  label: { column: () => sql`labels`, keysOf: namesIn },
  repository: demanded('repo:'),
  agent: demanded('agent:'),
  // A job's usage is not stored per model, so each combination of models gets its own row.
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
