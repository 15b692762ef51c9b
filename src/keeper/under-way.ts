/** Messages on their way at once. */
const MESSAGES_MAX = 8
/** Of these to one host, so that one that hangs does not hold up all others. */
const TO_HOST_MAX = 2

/** The messages that are on their way. What goes wrong with one is thrown at whoever waits next. */
export class UnderWay {
  readonly #hosts = new Map<Promise<void>, string>()
  readonly #failures: unknown[] = []

  add(host: string, sending: Promise<void>): void {
    const message = sending
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#hosts.delete(message))
    this.#hosts.set(message, host)
  }

  /** Hosts that get no further message for now. */
  get crowded(): readonly string[] {
    const hosts = [...this.#hosts.values()]
    const often = hosts.filter((host) => hosts.filter((one) => one === host).length >= TO_HOST_MAX)
    return [...new Set(often)]
  }

  /** Waits until there is room for one more. */
  async room(): Promise<void> {
    this.#throwFailure()
    while (this.#hosts.size >= MESSAGES_MAX) await this.fewer()
    this.#throwFailure()
  }

  /** Waits until one has come to its end. */
  async fewer(): Promise<void> {
    if (this.#hosts.size > 0) await Promise.race(this.#hosts.keys())
  }

  /** Waits until none is on its way. */
  async none(): Promise<void> {
    await Promise.all(this.#hosts.keys())
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failures.length > 0) throw this.#failures.shift()
  }
}
