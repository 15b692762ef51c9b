/** What every printed, logged or serialised secret looks like. */
const REDACTED = '[redacted]'

/** A text that must not be seen. Only `reveal` gives it; every way of printing shows a placeholder. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}
