/** Formats one server-sent event. */
export const serverSentEvent = (event: string | null, data: unknown): string =>
  `${event === null ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`

/**
 * Parses a stream of server-sent events that arrives in arbitrary pieces. Memory is bounded: an
 * event larger than `maxBytes` is skipped, and `dropped` counts the skipped events.
 */
export class ServerSentEvents {
  readonly #decoder = new TextDecoder()
  readonly #maxBytes: number
  #line = ''
  #data: string[] = []
  #size = 0
  #tooLarge = false
  dropped = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Yields the data of each event that this piece completes. */
  *push(piece: Uint8Array): Generator<string> {
    const lines = (this.#line + this.#decoder.decode(piece, { stream: true })).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) {
      const data = this.#take(line.endsWith('\r') ? line.slice(0, -1) : line)
      if (data !== null) yield data
    }
    if (this.#size + this.#line.length > this.#maxBytes) this.#drop()
  }

  /** Returns the data of the event that this line completes, or null if it completes none. */
  #take(line: string): string | null {
    if (line === '') return this.#end()
    this.#size += line.length
    if (this.#size > this.#maxBytes) this.#drop()
    if (!this.#tooLarge && line.startsWith('data:')) this.#data.push(line.slice(5).trimStart())
    return null
  }

  #end(): string | null {
    const data = this.#tooLarge || this.#data.length === 0 ? null : this.#data.join('\n')
    if (this.#tooLarge) this.dropped += 1
    this.#data = []
    this.#size = 0
    this.#tooLarge = false
    return data
  }

  #drop(): void {
    this.#tooLarge = true
    this.#data = []
    // Discards the unterminated line so that it cannot grow without limit. A space replaces it,
    // because an empty line would end the event.
    if (this.#line.length > this.#maxBytes) this.#line = ' '
  }
}
