import type { Clock } from '../platform/clock.ts'

/**
 * Maximum number of addresses whose requests are counted. Beyond that, the oldest count is dropped.
 */
const ADDRESSES_MAX = 10_000
const WINDOW_MS = 60_000

/**
 * Counts requests with invalid tokens by remote address. Only these requests are rate-limited. A
 * request with a valid token is always accepted, so that an attacker cannot lock out clients with
 * the same address, such as those behind the same proxy. Tokens need no stronger protection,
 * because 256 random bits cannot be guessed.
 */
export class FailedLogins {
  readonly #clock: Clock
  readonly #most: number
  readonly #windows = new Map<string, { readonly since: number; failures: number }>()

  /** @param most maximum number of invalid tokens per address and minute */
  constructor(clock: Clock, most: number) {
    this.#clock = clock
    this.#most = most
  }

  /**
   * Counts an invalid token. Returns null if the address has sent at most the allowed number.
   * Otherwise returns the number of seconds until the count of the address restarts.
   */
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
