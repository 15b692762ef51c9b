import type { Clock } from '../../platform/clock.ts'

/** Share of the lease after which a worker without an answer gives up, before the hub does. */
const SHARE = 0.75
/** Longest single wait, after which it looks again. */
const LOOK_MS = 60_000

const LAPSED = 0n
const FOR_EVER = 2n ** 62n

/**
 * How long this worker may still believe in its lease. Counts from the moment a renewal was sent,
 * by a clock that never steps and goes on while the process is paused. It lies in memory that the
 * worker's threads share: each reads it at once, however busy the other one is. What has lapsed
 * stays so.
 */
export class Lifeline {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>
  readonly #leaseMs: number
  /** Monotonic microseconds. */
  readonly #until: BigInt64Array<SharedArrayBuffer>

  /**
   * @param clock the same for all threads, as `systemClock` is
   * @param shared memory of a lifeline that another thread holds; absent for a lease that arrives.
   *   That may be older than it looks; the first renewal, sent at once, finds out.
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

  /** To be seen by another thread. */
  get shared(): SharedArrayBuffer {
    return this.#until.buffer
  }

  /** @param sentAt monotonic time at which the acknowledged renewal was sent */
  acknowledged(sentAt: number): void {
    this.#extend(this.#after(sentAt))
  }

  /** The lease is gone, or has lapsed: no answer brings it back. Does nothing to one that is retired. */
  cut(): void {
    this.#change((seen) => (seen === FOR_EVER ? null : LAPSED))
  }

  /** From here on nothing is begun that a lost lease would have to stop: it lapses no more. */
  retire(): void {
    this.#extend(FOR_EVER)
  }

  lapsed(): boolean {
    return this.#leftMs(this.#get()) <= 0
  }

  /** Resolves when it has lapsed, or early when the signal aborts. */
  async end(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.lapsed()) {
      await this.#clock.sleep(Math.min(LOOK_MS, Math.ceil(this.#leftMs(this.#get()))), signal)
    }
  }

  /** Never shorter, and not once it has lapsed. */
  #extend(until: bigint): void {
    this.#change((seen) => (until > seen && this.#leftMs(seen) > 0 ? until : null))
  }

  /**
   * Writes what follows from what is seen; null leaves it as it is. Another thread may write at
   * this very moment: then it is looked at again, so that nothing is undone unseen.
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
    return BigInt(Math.floor((sentAt + SHARE * this.#leaseMs) * 1000))
  }

  #get(): bigint {
    return Atomics.load(this.#until, 0)
  }
}
