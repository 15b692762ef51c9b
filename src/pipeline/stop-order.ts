import { type StopCause, Stopped } from '../domain/stop.ts'

/** How long an attempt may take to save its work after a stop, in milliseconds. */
const GRACE_MS = 30_000

/**
 * Carries the order to stop into a running attempt. The first cause wins; only the loss of the
 * lease overrides it. Once a publication intent is recorded, nothing but that loss stops the
 * attempt: readers of the record rely on the publication.
 */
export class StopOrder {
  readonly #stop = new AbortController()
  readonly #leaseLost = new AbortController()
  readonly #late = new AbortController()
  readonly #hurry = new AbortController()
  readonly #lapsed: () => boolean
  #why: StopCause | null = null
  #publication: 'none' | 'recording' | 'recorded' = 'none'
  #held: StopCause | null = null

  /** @param lapsed whether the lease expired, by a clock that runs even while the process is stopped */
  constructor(lapsed: () => boolean = () => false) {
    this.#lapsed = lapsed
  }

  /** Aborts with `Stopped`. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Aborts with `Stopped` when the lease is lost, even after another stop. */
  get leaseLost(): AbortSignal {
    return this.#leaseLost.signal
  }

  /**
   * Aborts with `Stopped` when uploads may no longer delay the end of the job: 30 s after a cancel
   * or a limit, and when the lease is lost. Never after a drain: the worker sends the rest after its
   * next start.
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
    if (this.#publication === 'recording') {
      this.#held ??= cause
      return
    }
    this.#why = cause
    this.#stop.abort(new Stopped(cause))
    if (cause.kind === 'drained') return
    const giveUp = (): void => this.#late.abort(new Stopped(cause))
    AbortSignal.timeout(GRACE_MS).addEventListener('abort', giveUp, { once: true })
  }

  /** Ends every grace period, because the worker must exit now. */
  hurry(): void {
    this.#hurry.abort(new Stopped({ kind: 'drained' }))
  }

  /** Throws `Stopped` when the attempt must not continue. */
  check(): void {
    if (this.#lapsed()) this.stop({ kind: 'lease-lost' })
    this.#leaseLost.signal.throwIfAborted()
    this.#stop.signal.throwIfAborted()
  }

  /**
   * Records a publication intent. A stop that arrives meanwhile is deferred: it takes effect when
   * the record fails, and is dropped when the record succeeds.
   */
  async recording<Value>(record: () => Promise<Value>): Promise<Value> {
    this.check()
    this.#publication = 'recording'
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

  /** For saving the work after a stop: aborts after 30 s, or when the lease is lost or on `hurry`. */
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
