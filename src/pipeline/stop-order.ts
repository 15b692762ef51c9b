import { type StopCause, Stopped } from '../domain/stop.ts'

/** How long an attempt may take to save its work after a stop, in milliseconds. */
const GRACE_MS = 30_000

/**
 * The same time if the worker must exit soon, in milliseconds. It suffices to save a small change.
 */
const HURRIED_MS = 1000

/**
 * Tells a running attempt to stop. If there are several causes, the first one counts, but a lost
 * lease overrides any other cause. Once a publication intent is recorded, only a lost lease stops
 * the attempt, because anyone who reads the intent assumes that the publication follows.
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

  /**
   * @param lapsed returns whether the lease has expired, according to a clock that also runs while
   * the process is suspended
   */
  constructor(lapsed: () => boolean = () => false) {
    this.#lapsed = lapsed
  }

  /** Aborts with `Stopped` when the attempt must stop for any cause. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Aborts with `Stopped` when the lease is lost, even if the attempt was already stopped. */
  get leaseLost(): AbortSignal {
    return this.#leaseLost.signal
  }

  /**
   * Aborts with `Stopped` when uploads may no longer delay the end of the job: 30 s after the job
   * is canceled or exceeds a limit, or when the lease is lost. A drain does not abort this signal,
   * because the worker finishes the uploads after its next start.
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

  /**
   * Called when the worker must exit soon. Ends the grace period one second from now: all signals
   * from `grace()` then abort.
   */
  hurry(): void {
    const hurry = (): void => this.#hurry.abort(new Stopped({ kind: 'drained' }))
    AbortSignal.timeout(HURRIED_MS).addEventListener('abort', hurry, { once: true })
  }

  /** Throws `Stopped` if the attempt must not continue. */
  check(): void {
    if (this.#lapsed()) this.stop({ kind: 'lease-lost' })
    this.#leaseLost.signal.throwIfAborted()
    this.#stop.signal.throwIfAborted()
  }

  /**
   * Runs `record`, which records a publication intent. Meanwhile, every stop except a lost lease is
   * deferred. If `record` fails, the deferred stop takes effect. If `record` succeeds, the deferred
   * stop is dropped.
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

  /**
   * Returns a signal that limits the time for saving the work. The signal aborts after 30 s, one
   * second after `hurry()`, or when the lease is lost, whichever comes first.
   */
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
