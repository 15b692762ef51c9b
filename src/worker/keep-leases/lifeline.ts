import type { Clock } from '../../platform/clock.ts'

/**
 * The worker stops the attempt when this fraction of the lease's duration has passed without an
 * acknowledged renewal. The hub waits for the whole duration before it expires the lease.
 */
const FRACTION = 0.75
/** Longest sleep between two checks of the deadline, in milliseconds. */
const SLEEP_MS_MAX = 60_000

const LAPSED = 0n
const NEVER = 2n ** 62n

/**
 * The deadline until which this worker may act on a lease. It is counted from the time at which the
 * last acknowledged renewal was sent, on a monotonic clock that keeps running while the process is
 * suspended. The worker's threads share the deadline in memory, so that no thread waits for a
 * message from a busy one. Once the deadline has passed, the lifeline has lapsed, and nothing
 * revives it.
 */
export class Lifeline {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>
  readonly #leaseMs: number
  /** The deadline, as a monotonic time in microseconds. */
  readonly #until: BigInt64Array<SharedArrayBuffer>

  /**
   * @param clock must give the same time in all threads, as `systemClock` does
   * @param shared the memory of a lifeline that another thread created; absent for a new lease. A
   *   new lease's deadline is counted from now, although the lease is slightly older. The first
   *   renewal is sent immediately and corrects that.
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

  /** Makes the lifeline lapse; no later renewal revives it. Does nothing after `retire`. */
  cut(): void {
    this.#change((seen) => (seen === NEVER ? null : LAPSED))
  }

  /**
   * Removes the deadline, unless it has passed. To be called when the attempt has nothing left to
   * do that must stop when the lease is lost.
   */
  retire(): void {
    this.#extend(NEVER)
  }

  lapsed(): boolean {
    return this.#leftMs(this.#get()) <= 0
  }

  /** Resolves when the lifeline has lapsed or the signal aborts. */
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
   * Replaces the deadline with `next(deadline)`, unless `next` returns null. Uses compare-and-swap
   * and retries if another thread changed the deadline in between, so that no change is lost.
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
