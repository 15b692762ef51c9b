/** Interval between beats, and between checks for new beats, in milliseconds. */
const BEAT_MS = 250

/**
 * The heartbeat of a worker's event loop: a counter in shared memory that another thread watches.
 * Time in which the whole process is suspended does not count as time without a beat, because the
 * watching thread is suspended too.
 */
export class Heartbeat {
  readonly #beats: Int32Array<SharedArrayBuffer>

  constructor(shared = new SharedArrayBuffer(4)) {
    this.#beats = new Int32Array(shared)
  }

  /** The memory to pass to the watching thread. */
  get shared(): SharedArrayBuffer {
    return this.#beats.buffer
  }

  /** Beats until the returned object is disposed of. */
  beat(): Disposable {
    const timer = setInterval(() => Atomics.add(this.#beats, 0, 1), BEAT_MS)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  /** Calls `onStill` once, when there has been no beat for `stillMs` milliseconds. */
  watch(stillMs: number, onStill: () => void): void {
    let [last, stillFor] = [Atomics.load(this.#beats, 0), 0]
    const timer = setInterval(() => {
      const beats = Atomics.load(this.#beats, 0)
      stillFor = beats === last ? stillFor + BEAT_MS : 0
      last = beats
      if (stillFor < stillMs) return
      clearInterval(timer)
      onStill()
    }, BEAT_MS)
  }
}
