import { z } from 'zod'
import { closable, nextTryMs } from '../../domain/closed.ts'
import type { RandomBytes } from '../../domain/id.ts'
import type { Job } from '../../domain/job.ts'
import type { Fence } from '../../domain/lease.ts'
import { Limits, OUTAGE_MS_DEFAULT } from '../../domain/limits.ts'
import { afterDeferral } from '../../domain/machine.ts'
import type { Deferral, Usage } from '../../domain/outcome.ts'
import { lockJobAndKeys } from '../advisory-locks.ts'
import { alreadyEnded, endAttempt } from '../attempt-end.ts'
import { closeForTry } from '../closed.ts'
import { json } from '../column.ts'
import { currentAttempt } from '../current-attempt.ts'
import { applyNext } from '../ending.ts'
import { readJob } from '../job-row.ts'
import { sql } from '../sql.ts'
import { saveUsage } from '../total-usage.ts'
import type { Tx } from '../transaction.ts'

/**
 * Ends an attempt that found a resource unavailable. Closes the resource if the job demands it, and
 * requeues the job until the resource's next try. This does not count as a failure unless too many
 * attempts in a row were interrupted. The job is not requeued but fails if it has already waited
 * for `limits.outageMs` or has had too many deferred attempts. It is cancelled if its cancellation
 * was requested.
 */
export async function defer(
  tx: Tx,
  fence: Fence,
  why: Deferral,
  { usage, random }: { readonly usage: Usage | null; readonly random: RandomBytes },
): Promise<Job> {
  await lockJobAndKeys(tx, fence.jobId)
  const outcome = { kind: 'deferred', ...why } as const
  if (await alreadyEnded(tx, fence, outcome)) return readJob(tx, fence.jobId)
  const current = await currentAttempt(tx, fence, 'defer')
  const { createdAt, startedAt, limits, lane } = await patienceOf(tx, fence)
  const closed = closable(why.closed, lane)
  // A resource that the job does not demand is not closed; no other job waits for it.
  const { since, until } =
    closed === null
      ? { since: startedAt, until: tx.now + nextTryMs(current.deferrals + 1, 0) }
      : await closeForTry(tx, fence, { ...why, closed }, random)
  await endAttempt(tx, fence, outcome)
  await saveUsage(tx, fence, usage)
  const next = afterDeferral(current, {
    reason: why.reason,
    lastedMs: tx.now - Math.max(since, createdAt),
    limitMs: limits.outageMs ?? OUTAGE_MS_DEFAULT,
    nextTryMs: Math.max(0, until - tx.now),
    interruptions: await interruptionsOf(tx, fence, why.closed.key),
  })
  await applyNext(tx, fence, next, why)
  await tx.run(sql`UPDATE job SET deferrals = deferrals + 1 WHERE id = ${fence.jobId}`)
  return readJob(tx, fence.jobId)
}

const Attempt = z.object({ attempt: z.int() })

/**
 * How many attempts in a row, up to and including this one, reached the resource before they were
 * deferred: they reported that they reached it, or a model answered them.
 */
async function interruptionsOf(tx: Tx, { jobId, attempt }: Fence, key: string): Promise<number> {
  const { jsonMember } = tx
  const rows = await tx.all(
    sql`SELECT attempt FROM attempt
      WHERE job_id = ${jobId} AND ${jsonMember(sql`outcome`, 'kind')} = 'deferred' AND (
        CAST(${jsonMember(sql`usage`, 'outputTokens')} AS BIGINT) > 0
        OR attempt IN (
          SELECT attempt FROM event
          WHERE job_id = ${jobId} AND type = 'reached' AND ${jsonMember(sql`body`, 'key')} = ${key}
        )
      )`,
    Attempt,
  )
  const interrupted = new Set(rows.map((row) => row.attempt))
  let count = 0
  while (interrupted.has(attempt - count)) count += 1
  return count
}

const Patience = z.object({
  createdAt: z.int(),
  startedAt: z.int(),
  limits: json(Limits),
  lane: z.string(),
})

async function patienceOf(tx: Tx, { jobId }: Fence): Promise<z.infer<typeof Patience>> {
  const row = await tx.get(
    sql`SELECT created_at AS "createdAt", started_at AS "startedAt", limits, lane
      FROM job WHERE id = ${jobId}`,
    Patience,
  )
  if (row === undefined) throw new Error(`the job ${jobId} has a running attempt but no row`)
  return row
}
