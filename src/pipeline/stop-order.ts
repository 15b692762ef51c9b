import { type StopCause, Stopped } from '../domain/stop.ts'

/** How long an attempt may still take to keep its work after it was told to stop. */
const GRACE_MS = 30_000

/**
 * Carries the order to stop into a running attempt. The first cause wins; only the loss of the
 * lease overrides it. Once a publication is recorded nothing but that loss stops the attempt:
 * whoever reads the record must be able to rely on the publication.
 */
export class StopOrder {
  readonly #stop = new AbortController()
  readonly #leaseLost = new AbortController()
  readonly #late = new AbortController()
  readonly #hurry = new AbortController()
  readonly #lapsed: () => boolean
  #why: StopCause | null = null
  #publication: 'none' | 'asked' | 'recorded' = 'none'
  #held: StopCause | null = null

  /** @param lapsed tells, by a clock that a sleeping machine cannot fool, that the lease ran out */
  constructor(lapsed: () => boolean = () => false) {
    this.#lapsed = lapsed
  }

  /** Aborts with `Stopped`. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Aborts with `Stopped` when the lease is gone, even after another stop. */
  get leaseLost(): AbortSignal {
    return this.#leaseLost.signal
  }

  /**
   * Aborts with `Stopped` when nothing that is still being sent can keep the job from ending: 30 s
   * after a cancel or a limit, and when the lease is gone. Never after a drain: what a worker has
   * not sent when it ends, its next start sends.
   */
  get late(): AbortSignal {
    return this.#late.signal
  }

  get why(): StopCause | null {
    return this.#why
  }

  stop(cause: StopCause): void {
    if (cause.kind === 'lease-lost') return this.#loseLease(cause)
    if (this.#publication === 'recorded' || this.#why !== null) return
    if (this.#publication === 'asked') {
      this.#held ??= cause
      return
    }
    this.#why = cause
    this.#stop.abort(new Stopped(cause))
    if (cause.kind === 'drained') return
    const giveUp = (): void => this.#late.abort(new Stopped(cause))
    AbortSignal.timeout(GRACE_MS).addEventListener('abort', giveUp, { once: true })
  }

  /** Ends every grace: the worker has no time left. */
  hurry(): void {
    this.#hurry.abort(new Stopped({ kind: 'drained' }))
  }

  /** Throws `Stopped` when the attempt may not go on. */
  check(): void {
    if (this.#lapsed()) this.stop({ kind: 'lease-lost' })
    this.#leaseLost.signal.throwIfAborted()
    this.#stop.signal.throwIfAborted()
  }

  /**
   * Records a publication. A stop that arrives meanwhile is held back until it is known whether
   * the record was made.
   */
  async recording<Value>(record: () => Promise<Value>): Promise<Value> {
    this.check()
    this.#publication = 'asked'
    try {
      const value = await record()
      this.#publication = 'recorded'
      return value
    } catch (error) {
      this.#publication = 'none'
      if (this.#held !== null) this.stop(this.#held)
      throw error
    }
  }

  /** For keeping the work after a stop: 30 s, less when the lease is lost or the worker must go. */
  grace(): AbortSignal {
    return AbortSignal.any([
      this.#leaseLost.signal,
      this.#hurry.signal,
      AbortSignal.timeout(GRACE_MS),
    ])
  }

  #loseLease(cause: StopCause): void {
    this.#why = cause
    this.#leaseLost.abort(new Stopped(cause))
    this.#late.abort(new Stopped(cause))
    this.#stop.abort(new Stopped(cause))
  }
}
