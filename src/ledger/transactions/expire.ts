import { Fence } from '../../domain/lease.ts'
import { afterExpiry } from '../../domain/machine.ts'
import type { Probe } from '../../domain/probe.ts'
import { wakeDue } from '../back-off.ts'
import { releaseTrials } from '../closed.ts'
import { currentAttempt } from '../current-attempt.ts'
import { applyNext } from '../ending.ts'
import { tryLockJobAndKeys } from '../advisory-locks.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/**
 * Ends at most `limit` attempts whose lease has expired, starting with the lease that expired
 * first, and returns how many it ended. Also wakes jobs whose backoff is over. On PostgreSQL the
 * SELECT locks the rows that it finds, so that no concurrent transaction can renew those leases.
 */
export async function expire(tx: Tx, limit: number, probe: Probe): Promise<number> {
  const due = await tx.all(
    sql`SELECT job_id AS "jobId", attempt FROM attempt
      WHERE ended_at IS NULL AND lease_until <= ${tx.now} ORDER BY lease_until LIMIT ${limit} ${tx.skipLocked}`,
    Fence,
  )
  if (due.length > 0) await probe('expire-due')
  let expired = 0
  for (const fence of due) if (await expireOne(tx, fence)) expired += 1
  await wakeDue(tx)
  return expired
}

async function expireOne(tx: Tx, fence: Fence): Promise<boolean> {
  // Skip a job that another transaction has locked, because that transaction may be ending the
  // attempt. If it is not, the next sweep ends the attempt.
  if (!(await tryLockJobAndKeys(tx, fence.jobId))) return false
  const current = await currentAttempt(tx, fence, 'expire')
  await tx.run(sql`
    UPDATE attempt SET ended_at = ${tx.now}, request_id = NULL
    WHERE job_id = ${fence.jobId} AND attempt = ${fence.attempt}`)
  await releaseTrials(tx, fence)
  await applyNext(tx, fence, afterExpiry(current), {
    detail: `Worker ${current.worker} stopped renewing the lease of attempt ${fence.attempt}.`,
  })
  return true
}
