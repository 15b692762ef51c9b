import type { Fence } from '../domain/lease.ts'
import type { JobState } from '../domain/state.ts'

/**
 * The condition of a write to a job: the job must be in this state, and its newest attempt must
 * have this number. Attempt 0 means that the job was never claimed.
 */
export type Guard = Fence & { readonly state: JobState }

/**
 * Throws if a guarded write did not change exactly one row; the error rolls the transaction back.
 * The caller has already read this attempt and this state in the same transaction. Therefore the
 * guard can fail only if the engine did not isolate the transaction.
 */
export function assertGuard(changed: number, guard: Guard): void {
  if (changed === 1) return
  throw new Error(
    `internal error: a transaction was not isolated: job ${guard.jobId} is no longer ` +
      `${guard.state} in attempt ${guard.attempt}`,
  )
}
