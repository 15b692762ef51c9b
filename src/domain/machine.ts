import type { ErrorCode } from './errors.ts'
import { REASONS, type ReasonCode } from './reasons.ts'
import { backOffMs, type RetryPolicy } from './retry.ts'
import type { JobState } from './state.ts'
import { type Trigger, TRANSITIONS } from './transition.ts'

/** Most leases of a job, however they ended: the guard against an endless loop. */
export const ATTEMPTS_MAX = 100

/** The facts of a running attempt that decide the next state of its job. */
export type Running = {
  readonly attempt: number
  readonly failures: number
  readonly agentStarted: boolean
  readonly cancelRequested: boolean
  readonly retry: RetryPolicy
}

/** The state of a job after an attempt ended. */
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

/** The error code with which a state refuses a trigger; undefined when it accepts the trigger. */
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
    // A job that may fail only once was never retried, so the failure itself is the reason.
    return {
      state: 'failed',
      reason: job.retry.maxFailures === 1 ? reason : 'attempts-exhausted',
      failures,
    }
  }
  return { state: 'queued', reason, failures, delayMs }
}

/** After a settlement as failed: a requested cancel takes precedence over a retry. */
export function afterSettleFailed(job: Running, reason: ReasonCode): Next {
  if (job.cancelRequested) return cancelled(job)
  const failures = job.failures + 1
  if (!REASONS[reason].retry) return { state: 'failed', reason, failures }
  return afterFailure(job, reason, failures)
}

/**
 * After the lease expired. A worker that is lost before its agent starts costs no failure, unless
 * `countEarlyExpiry` says so. `expiryDelayMs`, if set, replaces the backoff.
 */
export function afterExpiry(job: Running): Next {
  if (job.cancelRequested) return cancelled(job)
  const counts = job.agentStarted || job.retry.countEarlyExpiry === true
  const failures = job.failures + (counts ? 1 : 0)
  return afterFailure(job, 'worker-lost', failures, job.retry.expiryDelayMs)
}

/** After a request to pause; null when the job may pause. */
export function afterPause(job: Running): Exclude<Next, { state: 'queued' }> | null {
  if (job.cancelRequested) return cancelled(job)
  if (job.attempt < ATTEMPTS_MAX) return null
  return { state: 'failed', reason: 'attempts-exhausted', failures: job.failures }
}

/** After a worker returned the job on shutdown, which costs no failure. */
export function afterHandBack(job: Running): Next {
  if (job.cancelRequested) return cancelled(job)
  return { state: 'queued', reason: 'handed-back', failures: job.failures, delayMs: 0 }
}
