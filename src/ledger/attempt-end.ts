import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Fence } from '../domain/lease.ts'
import { type Outcome, Settlement } from '../domain/outcome.ts'
import { json } from './column.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

const Row = z.object({ outcome: json(z.unknown()).nullable() })

/**
 * Whether the attempt has already ended with these very words: a worker that lost the answer
 * asks again, and gets it again.
 */
export async function alreadyEnded(tx: Tx, fence: Fence, outcome: Outcome): Promise<boolean> {
  const row = await tx.get(
    sql`SELECT outcome FROM attempt
      WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`,
    Row,
  )
  return (
    row !== undefined &&
    row.outcome !== null &&
    sameJson(inNewShape(row.outcome), inNewShape(outcome))
  )
}

/** A settlement may have been stored in a shape that an older version wrote. */
const inNewShape = (outcome: unknown): unknown => Settlement.safeParse(outcome).data ?? outcome

/** Ends the attempt. Its request id is forgotten, so asking again claims afresh. */
export async function endAttempt(tx: Tx, fence: Fence, outcome: Outcome): Promise<void> {
  await tx.run(sql`
    UPDATE attempt
    SET ended_at = ${tx.now}, request_id = NULL, outcome = ${JSON.stringify(outcome)}
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
}

/** Equal as they would stand in the ledger, whatever the order of their members. */
export const sameJson = (one: unknown, other: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
