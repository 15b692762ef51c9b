import type { Clock } from '../../platform/clock.ts'

/**
 * Wakes one waiter. If it rings while nobody waits, `wait` returns at once until `heed` is called.
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
   * signal aborts.
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
