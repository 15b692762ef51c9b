import { z } from 'zod'
import type { Fence } from '../domain/lease.ts'
import { Usage } from '../domain/outcome.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

const MODELS_MAX = 20
const Row = z.object({ usage: json(Usage) })

/**
 * Stores an attempt's usage so far, and updates the job's total over all its attempts. Changes
 * nothing if `usage` is null.
 */
export async function saveUsage(tx: Tx, fence: Fence, usage: Usage | null): Promise<void> {
  if (usage === null) return
  await tx.run(sql`
    UPDATE attempt SET usage = ${JSON.stringify(usage)}
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
  const rows = await tx.all(
    sql`SELECT usage FROM attempt WHERE job_id = ${fence.jobId} AND usage IS NOT NULL`,
    Row,
  )
  const total = rows.map((row) => row.usage).reduce(add)
  await tx.run(sql`UPDATE job SET usage = ${JSON.stringify(total)} WHERE id = ${fence.jobId}`)
}

function add(one: Usage, other: Usage): Usage {
  // The cost of an attempt without model requests is `unknown`, which must not make the sum
  // unknown.
  if (one.requests === 0) return other
  if (other.requests === 0) return one
  const known = one.costUsd !== 'unknown' && other.costUsd !== 'unknown'
  return {
    requests: one.requests + other.requests,
    inputTokens: one.inputTokens + other.inputTokens,
    cachedInputTokens: one.cachedInputTokens + other.cachedInputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costUsd: known ? Number(one.costUsd) + Number(other.costUsd) : 'unknown',
    models: [...new Set([...one.models, ...other.models])].slice(0, MODELS_MAX),
    replayed: one.replayed || other.replayed,
  }
}
