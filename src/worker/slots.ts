/** Limits how many attempts run at the same time. */
export class Slots {
  readonly #size: number
  readonly #running = new Set<Promise<void>>()

  constructor(size: number) {
    this.#size = size
  }

  get running(): number {
    return this.#running.size
  }

  /** Occupies a slot until the work ends. The work must not reject. */
  run(work: Promise<void>): void {
    this.#running.add(work)
    void work.then(() => this.#running.delete(work))
  }

  /** Resolves to true once a slot is free, or to false if the signal aborts first. */
  async free(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && this.#running.size >= this.#size) {
      const waited = new AbortController()
      const aborted = new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { signal: waited.signal })
      })
      await Promise.race([...this.#running, aborted])
      waited.abort()
    }
    return !signal.aborted
  }

  /** Resolves when nothing is running. */
  async empty(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
