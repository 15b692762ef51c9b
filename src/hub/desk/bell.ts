import type { Clock } from '../../platform/clock.ts'

/** Wakes one waiter. A ring while nobody waits is remembered, so that none is lost. */
export class Bell {
  readonly #clock: Clock
  #rung = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether it was rung since the last `heed`. */
  get rung(): boolean {
    return this.#rung
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Clears the ring. Call it before reading state, so that a change during the read rings again. */
  heed(): void {
    this.#rung = false
  }

  /** Resolves when rung, after `waitMs`, or when the signal aborts. */
  async wait(waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#rung || signal.aborted) return
    const early = new AbortController()
    const wake = () => early.abort()
    this.#wake = wake
    signal.addEventListener('abort', wake, { once: true })
    await this.#clock.sleep(waitMs, early.signal)
    signal.removeEventListener('abort', wake)
    this.#wake = null
  }
}
