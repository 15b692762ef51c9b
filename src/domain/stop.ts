import type { ReasonCode } from './reasons.ts'

/** Why a running attempt must stop; the reason of its abort signal. */
export type StopCause =
  | { readonly kind: 'cancelled' }
  /** The lease is gone: say nothing, do nothing. */
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

/** Whether the loss of the lease stopped it: then nothing of the attempt may be kept or said. */
export const isLeaseLost = (error: unknown): boolean =>
  error instanceof Stopped && error.why.kind === 'lease-lost'

/**
 * An expected way for a step to fail, thrown where it is found and turned into a failed outcome
 * by the pipeline alone. `detail` is for people: which thing, why, what to try.
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
