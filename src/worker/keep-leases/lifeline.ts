import type { Clock } from '../../platform/clock.ts'

/** Fraction of the lease after which a worker without an acknowledged renewal gives up, before the hub does. */
const FRACTION = 0.75
/** Longest single sleep before the deadline is checked again, in milliseconds. */
const SLEEP_MS_MAX = 60_000

const LAPSED = 0n
const NEVER = 2n ** 62n

/**
 * The deadline until which this worker may act on a lease. It counts from the time at which the last
 * acknowledged renewal was sent, by a monotonic clock that also runs while the process is stopped. It
 * is stored in memory that the worker's threads share, so that a busy thread does not delay the other.
 * Once lapsed, it stays lapsed.
 */
export class Lifeline {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>
  readonly #leaseMs: number
  /** Monotonic time in microseconds. */
  readonly #until: BigInt64Array<SharedArrayBuffer>

  /**
   * @param clock must give the same time in all threads, as `systemClock` does
   * @param shared memory of a lifeline that another thread made; absent for a new lease. A new lease
   *   may be older than assumed here; its first renewal, sent immediately, corrects that.
   */
  constructor(
    clock: Pick<Clock, 'monotonic' | 'sleep'>,
    leaseMs: number,
    shared?: SharedArrayBuffer,
  ) {
    this.#clock = clock
    this.#leaseMs = leaseMs
    this.#until = new BigInt64Array(shared ?? new SharedArrayBuffer(8))
    if (shared === undefined) this.#until[0] = this.#after(clock.monotonic())
  }

  /** The memory to pass to another thread. */
  get shared(): SharedArrayBuffer {
    return this.#until.buffer
  }

  /** @param sentAt monotonic time at which the acknowledged renewal was sent */
  acknowledged(sentAt: number): void {
    this.#extend(this.#after(sentAt))
  }

  /** Makes it lapse for good: no later answer revives it. Does nothing after `retire`. */
  cut(): void {
    this.#change((seen) => (seen === NEVER ? null : LAPSED))
  }

  /** Makes it never lapse: the attempt starts nothing more that the loss of the lease must stop. */
  retire(): void {
    this.#extend(NEVER)
  }

  lapsed(): boolean {
    return this.#leftMs(this.#get()) <= 0
  }

  /** Resolves when it has lapsed, or when the signal aborts. */
  async end(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.lapsed()) {
      await this.#clock.sleep(Math.min(SLEEP_MS_MAX, Math.ceil(this.#leftMs(this.#get()))), signal)
    }
  }

  /** Never shortens the deadline, and never revives one that has lapsed. */
  #extend(until: bigint): void {
    this.#change((seen) => (until > seen && this.#leftMs(seen) > 0 ? until : null))
  }

  /**
   * Replaces the deadline with `next(deadline)`, unless that is null. Compare-and-swap: starts over
   * when another thread wrote in between, so that no write is lost.
   */
  #change(next: (seen: bigint) => bigint | null): void {
    for (;;) {
      const seen = this.#get()
      const until = next(seen)
      if (until === null) return
      if (Atomics.compareExchange(this.#until, 0, seen, until) === seen) return
    }
  }

  #leftMs(until: bigint): number {
    return Number(until) / 1000 - this.#clock.monotonic()
  }

  #after(sentAt: number): bigint {
    return BigInt(Math.floor((sentAt + FRACTION * this.#leaseMs) * 1000))
  }

  #get(): bigint {
    return Atomics.load(this.#until, 0)
  }
}
