import type { Clock } from '../platform/clock.ts'

/** Share of the lease after which a worker without an answer gives up, before the hub does. */
const SHARE = 0.75

/**
 * How long this worker may still believe in its lease. Counts from the moment a renewal was sent,
 * by a clock that never steps and goes on while the process is paused.
 */
export class Lifeline {
  readonly #clock: Clock
  readonly #leaseMs: number
  #until: number

  /** Starts when the lease arrives. It may be older; the first renewal, sent at once, finds out. */
  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock
    this.#leaseMs = leaseMs
    this.#until = clock.monotonic() + SHARE * leaseMs
  }

  /** @param sentAt monotonic time at which the acknowledged renewal was sent */
  acknowledged(sentAt: number): void {
    this.#until = Math.max(this.#until, sentAt + SHARE * this.#leaseMs)
  }

  lapsed(): boolean {
    return this.#clock.monotonic() >= this.#until
  }

  /** Resolves when it has lapsed, or early when the signal aborts. */
  async end(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.lapsed()) {
      await this.#clock.sleep(Math.ceil(this.#until - this.#clock.monotonic()), signal)
    }
  }
}
