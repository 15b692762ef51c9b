import type { ReasonCode } from './reasons.ts'
import type { Resource } from './resource.ts'

/** Why a running attempt must stop. */
export type StopCause =
  | { readonly kind: 'cancelled' }
  /** The lease is lost, so the attempt must not report or change anything. */
  | { readonly kind: 'lease-lost' }
  /** The worker is shutting down. */
  | { readonly kind: 'drained' }
  | { readonly kind: 'limit'; readonly reason: ReasonCode; readonly detail: string }

/**
 * Thrown when an attempt must stop. It is also the reason of the attempt's abort signal. The
 * pipeline turns it into an outcome.
 */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly why: StopCause

  constructor(why: StopCause) {
    super(`the attempt was stopped: ${clauseFor(why)}`)
    this.why = why
  }
}

function clauseFor(why: StopCause): string {
  switch (why.kind) {
    case 'cancelled':
      return 'a cancel was requested'
    case 'lease-lost':
      return 'its lease is lost'
    case 'drained':
      return 'the worker is shutting down'
    case 'limit':
      return why.detail
  }
}

/** Whether the attempt was stopped because its lease is lost. Such an attempt must not report anything. */
export const isLeaseLost = (error: unknown): boolean =>
  error instanceof Stopped && error.why.kind === 'lease-lost'

/**
 * An expected failure of a step. The pipeline turns it into a failed outcome, or into a deferral if
 * `unavailable` names the unavailable resource. `detail` is for people: what failed, why, and what to try.
 */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
  readonly reason: ReasonCode
  readonly detail: string
  readonly unavailable: Resource | null

  constructor(
    reason: ReasonCode,
    detail: string,
    { unavailable = null, ...options }: { cause?: unknown; unavailable?: Resource | null } = {},
  ) {
    super(`${reason}: ${detail}`, options)
    this.unavailable = unavailable
    this.reason = reason
    this.detail = detail
  }
}
