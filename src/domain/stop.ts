import type { ReasonCode } from './reasons.ts'

/** Why a running attempt must stop; the reason of its abort signal. */
export type StopCause =
  | { readonly kind: 'cancelled' }
  /** The lease is lost: the attempt may neither report nor change anything. */
  | { readonly kind: 'lease-lost' }
  /** The worker is shutting down. */
  | { readonly kind: 'drained' }
  | { readonly kind: 'limit'; readonly reason: ReasonCode; readonly detail: string }

/** Thrown through an attempt when its signal aborts; the pipeline turns it into an outcome. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly why: StopCause

  constructor(why: StopCause) {
    super(`the attempt was stopped: ${why.kind}`)
    this.why = why
  }
}

/** Whether a lost lease stopped the attempt: then it may neither report nor keep anything. */
export const isLeaseLost = (error: unknown): boolean =>
  error instanceof Stopped && error.why.kind === 'lease-lost'

/**
 * An expected failure of a step. The pipeline turns it into a failed outcome. `detail` is for
 * people: what failed, why, and what to try.
 */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
  readonly reason: ReasonCode
  readonly detail: string

  constructor(reason: ReasonCode, detail: string, options: { cause?: unknown } = {}) {
    super(`${reason}: ${detail}`, options)
    this.reason = reason
    this.detail = detail
  }
}
