import type { ErrorCode } from './errors.ts'
import { REASONS, type ReasonCode } from './reasons.ts'
import { backOffMs, type RetryPolicy } from './retry.ts'
import type { JobState } from './state.ts'
import { type Trigger, TRANSITIONS } from './transition.ts'

/** After so many leases a job stops, whatever ended them: the guard against an endless loop. */
export const ATTEMPTS_MAX = 100

/** The facts of a running attempt that decide where it goes next. */
export type Running = {
  readonly attempt: number
  readonly failures: number
  readonly agentStarted: boolean
  readonly cancelRequested: boolean
  readonly retry: RetryPolicy
}

/** Where an attempt's end leads. */
export type Next =
  | {
      readonly state: 'queued'
      readonly reason: ReasonCode
      readonly failures: number
      readonly delayMs: number
    }
  | { readonly state: 'failed'; readonly reason: ReasonCode; readonly failures: number }
  | {
      readonly state: 'cancelled'
      readonly reason: 'cancelled-by-request'
      readonly failures: number
    }

/** The code a trigger is refused with in this state, or undefined when it may happen. */
export function refusalCode(state: JobState | 'absent', trigger: Trigger): ErrorCode | undefined {
  const cell = TRANSITIONS[state][trigger]
  return 'refused' in cell ? cell.refused : undefined
}

const cancelled = (job: Running): Extract<Next, { state: 'cancelled' }> => ({
  state: 'cancelled',
  reason: 'cancelled-by-request',
  failures: job.failures,
})

function afterFailure(
  job: Running,
  reason: ReasonCode,
  failures: number,
  delayMs = backOffMs(job.retry, failures),
): Next {
  if (failures >= job.retry.maxFailures || job.attempt >= ATTEMPTS_MAX) {
    // One failure allowed means the failure itself is the story, not that tries ran out.
    return {
      state: 'failed',
      reason: job.retry.maxFailures === 1 ? reason : 'attempts-exhausted',
      failures,
    }
  }
  return { state: 'queued', reason, failures, delayMs }
}

/** After a settle as failed: cancelled when that was asked, tried again when it may help. */
export function afterSettleFailed(job: Running, reason: ReasonCode): Next {
  if (job.cancelRequested) return cancelled(job)
  const failures = job.failures + 1
  if (!REASONS[reason].retry) return { state: 'failed', reason, failures }
  return afterFailure(job, reason, failures)
}

/**
 * After the lease ran out. A worker lost before its agent started costs no failure, unless the retry
 * policy counts it. Where the policy has a delay of its own for lost workers, it replaces the back-off.
 */
export function afterExpiry(job: Running): Next {
  if (job.cancelRequested) return cancelled(job)
  const counts = job.agentStarted || job.retry.countEarlyExpiry === true
  const failures = job.failures + (counts ? 1 : 0)
  return afterFailure(job, 'worker-lost', failures, job.retry.expiryDelayMs)
}

/** After a pause; null when the job may rest. */
export function afterPause(job: Running): Exclude<Next, { state: 'queued' }> | null {
  if (job.cancelRequested) return cancelled(job)
  if (job.attempt < ATTEMPTS_MAX) return null
  return { state: 'failed', reason: 'attempts-exhausted', failures: job.failures }
}

/** After a worker gave the job back unharmed. */
export function afterHandBack(job: Running): Next {
  if (job.cancelRequested) return cancelled(job)
  return { state: 'queued', reason: 'handed-back', failures: job.failures, delayMs: 0 }
}
