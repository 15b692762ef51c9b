/** Limit for all requests. */
const MESSAGES_MAX = 8
/** Limit per host, so that a host that hangs does not delay the others. */
const TO_HOST_MAX = 2

/** The open requests. An error in one of them is thrown by the next `room` or `allDone`. */
export class InFlight {
  readonly #hosts = new Map<Promise<void>, string>()
  readonly #failures: unknown[] = []

  add(host: string, sending: Promise<void>): void {
    const message = sending
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#hosts.delete(message))
    this.#hosts.set(message, host)
  }

  /** Hosts that have reached their limit. */
  get busyHosts(): readonly string[] {
    const hosts = [...this.#hosts.values()]
    const often = hosts.filter((host) => hosts.filter((one) => one === host).length >= TO_HOST_MAX)
    return [...new Set(often)]
  }

  /** Waits until another request is allowed. */
  async room(): Promise<void> {
    this.#throwFailure()
    while (this.#hosts.size >= MESSAGES_MAX) await this.oneDone()
    this.#throwFailure()
  }

  /** Waits until any request ends; returns at once when there is none. */
  async oneDone(): Promise<void> {
    if (this.#hosts.size > 0) await Promise.race(this.#hosts.keys())
  }

  /** Waits until all requests have ended. */
  async allDone(): Promise<void> {
    await Promise.all(this.#hosts.keys())
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures.shift()
  }
}
