import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Fence } from '../domain/lease.ts'
import { type Outcome, Settlement } from '../domain/outcome.ts'
import { releaseTrials, reopenTrials } from './closed.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** How an attempt ended, as the ledger stores it. Null is stored if the attempt's lease expired. */
export type Ending =
  | Outcome
  /** The worker reported that it was restarted during the attempt. */
  | { readonly kind: 'abandoned' }

const Row = z.object({ outcome: json(z.unknown()).nullable() })

/**
 * Whether the attempt has already ended with this outcome. If so, the worker is repeating its
 * request because it did not receive the response, and the caller must change nothing.
 */
export async function alreadyEnded(tx: Tx, fence: Fence, outcome: Ending): Promise<boolean> {
  const row = await tx.get(
    sql`SELECT outcome FROM attempt
      WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`,
    Row,
  )
  return (
    row !== undefined &&
    row.outcome !== null &&
    sameJson(inCurrentFormat(row.outcome), inCurrentFormat(outcome))
  )
}

/**
 * Converts a settlement that an older version stored to the current format. Returns other outcomes
 * unchanged.
 */
const inCurrentFormat = (outcome: unknown): unknown => Settlement.safeParse(outcome).data ?? outcome

/**
 * Ends the attempt and its trials. Also clears the id of the claim request that created the attempt, so that a
 * repeat of that request does not return this ended attempt.
 */
export async function endAttempt(tx: Tx, fence: Fence, outcome: Ending): Promise<void> {
  await tx.run(sql`
    UPDATE attempt
    SET ended_at = ${tx.now}, request_id = NULL, outcome = ${JSON.stringify(outcome)}
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
  await (outcome.kind === 'succeeded' ? reopenTrials : releaseTrials)(tx, fence)
}

/** Whether two values are equal as JSON, regardless of the order of keys. */
export const sameJson = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
