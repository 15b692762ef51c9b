/** Interval of the beats, and of the checks for them, in milliseconds. */
const BEAT_MS = 250

/**
 * The heartbeat of a worker's event loop: a counter in memory that its threads share. Time during
 * which the whole process is stopped does not count, because the watching thread is stopped too.
 */
export class Heartbeat {
  readonly #beats: Int32Array<SharedArrayBuffer>

  constructor(shared = new SharedArrayBuffer(4)) {
    this.#beats = new Int32Array(shared)
  }

  /** The memory to pass to the thread that watches. */
  get shared(): SharedArrayBuffer {
    return this.#beats.buffer
  }

  /** Beats until the result is disposed of. */
  beat(): Disposable {
    const timer = setInterval(() => Atomics.add(this.#beats, 0, 1), BEAT_MS)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  /** Calls `onStill` once there was no beat for `stillMs`. */
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
