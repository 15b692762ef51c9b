import type { Clock } from '../../platform/clock.ts'

/**
 * Wakes one waiter. If `ring` is called while nobody waits, the next `wait` returns at once. `heed`
 * resets the bell.
 */
export class Bell {
  readonly #clock: Clock
  #rung = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the bell has rung since the last `heed`. */
  get rung(): boolean {
    return this.#rung
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resets `rung`. Call this before reading state, so that a change during the read is not lost. */
  heed(): void {
    this.#rung = false
  }

  /**
   * Resolves when the bell has rung since the last `heed`, when `waitMs` have passed, or when the
   * signal aborts, whichever is first.
   */
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
