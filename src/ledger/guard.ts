import type { Fence } from '../domain/lease.ts'
import type { JobState } from '../domain/state.ts'

/** The condition of a write: it applies only in this attempt and state. Attempt 0: never claimed yet. */
export type Guard = Fence & { readonly state: JobState }

/**
 * A guard repeats what its transaction has read, so it can fail only when the engine did not isolate
 * the transaction. Throws then, which rolls the transaction back.
 */
export function assertGuard(changed: number, guard: Guard): void {
  if (changed === 1) return
  throw new Error(
    `job ${guard.jobId} is no longer ${guard.state} in attempt ${guard.attempt}: ` +
      `the transaction was not isolated`,
  )
}
