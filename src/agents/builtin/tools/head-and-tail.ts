/** The maximum size of a tool's output that is sent to the model. */
export const OUTPUT_BYTES_MAX = 64 * 1024

/**
 * Keeps the beginning and the end of a long output and says how many bytes are omitted between
 * them.
 */
export class HeadAndTail {
  readonly #half: number
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)
  #size = 0

  constructor(maxBytes = OUTPUT_BYTES_MAX) {
    this.#half = Math.floor(maxBytes / 2)
  }

  push(bytes: Buffer): void {
    this.#size += bytes.length
    const room = this.#half - this.#head.length
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, room)])
    const rest = bytes.subarray(room)
    if (rest.length > 0) this.#tail = Buffer.concat([this.#tail, rest]).subarray(-this.#half)
  }

  get text(): string {
    const missing = this.#size - this.#head.length - this.#tail.length
    const gap = missing === 0 ? '' : `\n[… ${missing} bytes omitted …]\n`
    return this.#head.toString('utf8') + gap + this.#tail.toString('utf8')
  }
}

/** Returns the text, without its middle if it is larger than `OUTPUT_BYTES_MAX`. */
export function shortened(text: string): string {
  const output = new HeadAndTail()
  output.push(Buffer.from(text))
  return output.text
}
