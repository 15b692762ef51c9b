/** One server-sent event as bytes on the wire. */
export const serverSentEvent = (event: string | null, data: unknown): string =>
  `${event === null ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`

/**
 * Cuts a stream of server-sent events into their data, in whatever pieces it arrives. Memory is
 * bounded: of an event larger than `maxBytes` nothing is given out, and `dropped` counts it.
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

  /** The data of each event that ends in this piece. */
  *push(piece: Uint8Array): Generator<string> {
    const lines = (this.#line + this.#decoder.decode(piece, { stream: true })).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) {
      const data = this.#take(line.endsWith('\r') ? line.slice(0, -1) : line)
      if (data !== null) yield data
    }
    if (this.#size + this.#line.length > this.#maxBytes) this.#giveUp()
  }

  /** The data of the event that ends with this line, if one does. */
  #take(line: string): string | null {
    if (line === '') return this.#end()
    this.#size += line.length
    if (this.#size > this.#maxBytes) this.#giveUp()
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

  #giveUp(): void {
    this.#tooLarge = true
    this.#data = []
    // A line without an end must not grow; what is left of it only has to be non-empty.
    if (this.#line.length > this.#maxBytes) this.#line = ' '
  }
}
