import type { ErrorCode } from './errors.ts'
import { REASONS, type ReasonCode } from './reasons.ts'
import { backOffMs, type RetryPolicy } from './retry.ts'
import type { JobState } from './state.ts'
import { type Trigger, TRANSITIONS } from './transition.ts'

/**
 * Maximum number of attempts at a job, not counting deferred attempts. Prevents endless requeueing.
 */
export const ATTEMPTS_MAX = 100

/**
 * Maximum number of deferred attempts at a job. At one try every two minutes, a job reaches this
 * number after more than a day.
 */
export const DEFERRALS_MAX = 1000

/**
 * Maximum number of attempts in a row that the hub defers although they reached the resource. A
 * permanent fault can look like an outage, and each of these attempts may have paid for a model.
 */
const INTERRUPTIONS_MAX = 2

/** The facts of a running attempt that decide the next state of its job. */
export type Running = {
  readonly attempt: number
  /** How many earlier attempts were deferred. */
  readonly deferrals: number
  readonly failures: number
  readonly agentStarted: boolean
  readonly cancelRequested: boolean
  readonly retry: RetryPolicy
}

/** The next state of a job whose attempt has ended. */
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

/** The error code if the state refuses the trigger; undefined if the state accepts the trigger. */
export function refusalCode(state: JobState | 'absent', trigger: Trigger): ErrorCode | undefined {
  const cell = TRANSITIONS[state][trigger]
  return 'refused' in cell ? cell.refused : undefined
}

const cancelled = (job: Running): Extract<Next, { state: 'cancelled' }> => ({
  state: 'cancelled',
  reason: 'cancelled-by-request',
  failures: job.failures,
})

const isLast = ({ attempt, deferrals }: Running): boolean => attempt - deferrals >= ATTEMPTS_MAX

function afterFailure(
  job: Running,
  reason: ReasonCode,
  failures: number,
  delayMs = backOffMs(job.retry, failures),
): Next {
  if (failures >= job.retry.maxFailures || isLast(job)) {
    // If `maxFailures` is 1, the job had no retries, so the reason of its only failure says more
    // than `attempts-exhausted`.
    return {
      state: 'failed',
      reason: job.retry.maxFailures === 1 ? reason : 'attempts-exhausted',
      failures,
    }
  }
  return { state: 'queued', reason, failures, delayMs }
}

/** The next state after a worker reports a failure. A requested cancel takes precedence over a retry. */
export function afterSettleFailed(job: Running, reason: ReasonCode): Next {
  if (job.cancelRequested) return cancelled(job)
  const failures = job.failures + 1
  if (!REASONS[reason].retry) return { state: 'failed', reason, failures }
  return afterFailure(job, reason, failures)
}

/**
 * The next state after the lease expired, or after the worker was restarted. Losing a worker before
 * its agent started does not count as a failure, unless `countEarlyExpiry` is set. `expiryDelayMs`, if
 * set, replaces the backoff.
 */
export function afterExpiry(job: Running): Next {
  if (job.cancelRequested) return cancelled(job)
  const counts = job.agentStarted || job.retry.countEarlyExpiry === true
  const failures = job.failures + (counts ? 1 : 0)
  return afterFailure(job, 'worker-lost', failures, job.retry.expiryDelayMs)
}

/** The next state after a worker asks to pause the job; null if the hub may pause the job. */
export function afterPause(job: Running): Exclude<Next, { state: 'queued' }> | null {
  if (job.cancelRequested) return cancelled(job)
  if (!isLast(job)) return null
  return { state: 'failed', reason: 'attempts-exhausted', failures: job.failures }
}

/**
 * The next state after a worker that shuts down returns the job. This does not count as a failure.
 */
export function afterHandBack(job: Running): Next {
  if (job.cancelRequested) return cancelled(job)
  return { state: 'queued', reason: 'handed-back', failures: job.failures, delayMs: 0 }
}

/** An outage of a resource that a job needs. */
export type Outage = {
  readonly reason: ReasonCode
  /** How long the job has waited because of the outage, in milliseconds. */
  readonly lastedMs: number
  /** How long the job waits before it fails (`limits.outageMs`). */
  readonly limitMs: number
  readonly nextTryMs: number
  /** How many attempts in a row, this one included, reached the resource before the outage. */
  readonly interruptions: number
}

/**
 * The next state after an attempt ended because of an outage. This does not count as a failure,
 * unless more than INTERRUPTIONS_MAX attempts in a row reached the resource before the outage. The
 * job fails once it has waited for `limitMs`, or if DEFERRALS_MAX earlier attempts were deferred.
 */
export function afterDeferral(job: Running, outage: Outage): Next {
  if (job.cancelRequested) return cancelled(job)
  const { reason, lastedMs, limitMs, nextTryMs, interruptions } = outage
  const { failures } = job
  if (lastedMs >= limitMs || job.deferrals >= DEFERRALS_MAX) {
    return { state: 'failed', reason, failures }
  }
  if (interruptions > INTERRUPTIONS_MAX) {
    const delayMs = Math.max(nextTryMs, backOffMs(job.retry, failures + 1))
    return afterFailure(job, reason, failures + 1, delayMs)
  }
  return { state: 'queued', reason, failures, delayMs: nextTryMs }
}
