import { sql, type Statement } from './sql.ts'
import type { Tx } from './transaction.ts'

/** SQL for the columns of a `UsageSum`. `coalesce` is needed because the sum of no values is NULL. */
export function sumsOf({ jsonMember }: Tx): Statement {
  const member = (name: string): Statement => jsonMember(sql`usage`, name)
  const total = (name: string): Statement =>
    sql`CAST(coalesce(sum(CAST(${member(name)} AS BIGINT)), 0) AS BIGINT)`
  const cost = member('costUsd')
  return sql`count(*) AS jobs,
    ${total('inputTokens')} AS "inputTokens",
    ${total('cachedInputTokens')} AS "cachedInputTokens",
    ${total('outputTokens')} AS "outputTokens",
    coalesce(sum(CASE WHEN CAST(${cost} AS TEXT) <> 'unknown'
      THEN CAST(${cost} AS DOUBLE PRECISION) END), 0) AS "costUsd",
    count(CASE WHEN CAST(${cost} AS TEXT) = 'unknown'
      AND CAST(${member('requests')} AS BIGINT) > 0 THEN 1 END) AS "unknownCosts",
    count(CASE WHEN CAST(${member('replayed')} AS TEXT) IN ('true', '1') THEN 1 END) AS replayed`
}
