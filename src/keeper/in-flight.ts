/** Maximum number of open requests to all hosts together. Each request sends one message. */
const MESSAGES_MAX = 8
/**
 * Maximum number of open requests to one host, so that an unresponsive host does not delay the
 * others.
 */
const TO_HOST_MAX = 2

/**
 * Tracks the open requests. If a request fails with an error, the next call of `room` or `allDone`
 * throws that error.
 */
export class InFlight {
  readonly #hosts = new Map<Promise<void>, string>()
  readonly #failures: unknown[] = []

  add(host: string, sending: Promise<void>): void {
    const message = sending
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#hosts.delete(message))
    this.#hosts.set(message, host)
  }

  /** Hosts that already have `TO_HOST_MAX` open requests. */
  get busyHosts(): readonly string[] {
    const hosts = [...this.#hosts.values()]
    const often = hosts.filter((host) => hosts.filter((one) => one === host).length >= TO_HOST_MAX)
    return [...new Set(often)]
  }

  /** Waits until another request may be opened. */
  async room(): Promise<void> {
    this.#throwFailure()
    while (this.#hosts.size >= MESSAGES_MAX) await this.oneDone()
    this.#throwFailure()
  }

  /** Waits until any open request finishes; returns at once if none is open. */
  async oneDone(): Promise<void> {
    if (this.#hosts.size > 0) await Promise.race(this.#hosts.keys())
  }

  /** Waits until all requests have finished. */
  async allDone(): Promise<void> {
    await Promise.all(this.#hosts.keys())
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures.shift()
  }
}
