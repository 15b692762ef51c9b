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
    if (shared === undefined) this.#set(this.#after(clock.monotonic()))
  }

  /** To be seen by another thread. */
  get shared(): SharedArrayBuffer {
    return this.#until.buffer
  }

  /** @param sentAt monotonic time at which the acknowledged renewal was sent */
  acknowledged(sentAt: number): void {
    const until = this.#after(sentAt)
    if (!this.lapsed() && until > this.#get()) this.#set(until)
  }

  /** The lease is gone, or has lapsed: no answer brings it back. Does nothing to one that is retired. */
  cut(): void {
    const seen = this.#get()
    // Another thread may retire it at this very moment.
    if (seen !== FOR_EVER) Atomics.compareExchange(this.#until, 0, seen, LAPSED)
  }

  /** From here on nothing is begun that a lost lease would have to stop: it lapses no more. */
  retire(): void {
    if (!this.lapsed()) this.#set(FOR_EVER)
  }

  lapsed(): boolean {
    return this.#leftMs() <= 0
  }

  /** Resolves when it has lapsed, or early when the signal aborts. */
  async end(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.lapsed()) {
      await this.#clock.sleep(Math.min(LOOK_MS, Math.ceil(this.#leftMs())), signal)
    }
  }

  #leftMs(): number {
    return Number(this.#get()) / 1000 - this.#clock.monotonic()
  }

  #after(sentAt: number): bigint {
    return BigInt(Math.floor((sentAt + SHARE * this.#leaseMs) * 1000))
  }

  #get(): bigint {
    return Atomics.load(this.#until, 0)
  }

  #set(until: bigint): void {
    Atomics.store(this.#until, 0, until)
  }
}
