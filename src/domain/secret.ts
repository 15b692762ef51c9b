/** Shown instead of a secret that is printed, logged or serialized. */
const REDACTED = '[redacted]'

/** A secret string. Only `reveal` returns it; printing and serializing show a placeholder. */
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
