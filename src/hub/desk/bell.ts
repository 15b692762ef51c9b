import type { Clock } from '../../platform/clock.ts'

/** Calls one waiter. Rung while nobody waits, it is remembered, so that no ring is lost. */
export class Bell {
  readonly #clock: Clock
  #rung = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Rung and not yet heeded. */
  get rung(): boolean {
    return this.#rung
  }

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** To be called before looking: a ring from now on is a new one. */
  heed(): void {
    this.#rung = false
  }

  /** Resolves when rung, when the time is over, or when the signal aborts. */
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
