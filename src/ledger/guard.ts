import type { Fence } from '../domain/lease.ts'
import type { JobState } from '../domain/state.ts'

/** Where a write applies: it changes nothing unless job, attempt and state are these. Attempt 0 was never claimed. */
export type Guard = Fence & { readonly state: JobState }

/**
 * A write's guard repeats what its transaction has read. When it does not hold, the engine let
 * another transaction in between; this one crashes and leaves nothing behind.
 */
export function assertGuard(changed: number, guard: Guard): void {
  if (changed === 1) return
  throw new Error(
    `job ${guard.jobId} is not ${guard.state} in attempt ${guard.attempt} any more: ` +
      `the transaction was not isolated`,
  )
}
