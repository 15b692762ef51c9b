import type { Clock } from '../platform/clock.ts'

/** Most addresses counted at once; the oldest is forgotten first. */
const ADDRESSES_MAX = 10_000
const WINDOW_MS = 60_000

/**
 * Counts refused tokens by remote address. Only refusals are rate-limited: a valid token always
 * passes, so that a caller with the same address (an agent on this machine, a proxy) cannot lock
 * others out. Guessing 256 bits is hopeless anyway.
 */
export class FailedLogins {
  readonly #clock: Clock
  readonly #most: number
  readonly #windows = new Map<string, { readonly since: number; failures: number }>()

  /** @param most refusals per address and minute */
  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /** Counts a refusal. Returns the seconds to wait when there were too many, else null. */
  note(address: string): number | null {
    const now = this.#clock.monotonic()
    const window = this.#windows.get(address)
    if (window === undefined || now - window.since >= WINDOW_MS) {
      this.#windows.delete(address)
      this.#windows.set(address, { since: now, failures: 1 })
      this.#forgetOldest()
      return null
    }
    window.failures += 1
    if (window.failures <= this.#most) return null
    return Math.ceil((window.since + WINDOW_MS - now) / 1000)
  }

  #forgetOldest(): void {
    const [oldest] = this.#windows.keys()
    if (this.#windows.size > ADDRESSES_MAX && oldest !== undefined) this.#windows.delete(oldest)
  }
}
