/** How often the heart beats and is felt for, in milliseconds. */
const BEAT_MS = 250

/**
 * The worker's sign of life, in memory that its threads share: it beats as long as the event loop
 * runs. A stopped process feels nothing, so the time it was stopped does not count.
 */
export class Pulse {
  readonly #beats: Int32Array<SharedArrayBuffer>

  constructor(shared = new SharedArrayBuffer(4)) {
    this.#beats = new Int32Array(shared)
  }

  /** To be felt by another thread. */
  get shared(): SharedArrayBuffer {
    return this.#beats.buffer
  }

  /** Beats until it is disposed of. */
  beat(): Disposable {
    const timer = setInterval(() => Atomics.add(this.#beats, 0, 1), BEAT_MS)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  /** Calls `onStill` when no beat was felt for so long. */
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
