import type { Dialect } from './dialects/dialect.ts'
import { NOTHING_READ, type Reading } from './reading.ts'
import { ServerSentEvents } from './sse.ts'

const EVENT_BYTES_MAX = 4 * 1024 * 1024
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/**
 * Reads the token counts from a response that is forwarded unchanged. If the response is malformed
 * or too large, `complete` stays false.
 */
export class UsageReader {
  readonly #dialect: Dialect
  readonly #events: ServerSentEvents | null
  #pieces: Uint8Array[] = []
  #size = 0
  #reading = NOTHING_READ

  constructor(dialect: Dialect, contentType: string) {
    this.#dialect = dialect
    const streamed = contentType.startsWith('text/event-stream')
    this.#events = streamed ? new ServerSentEvents(EVENT_BYTES_MAX) : null
  }

  push(piece: Uint8Array): void {
    if (this.#events === null) {
      this.#size += piece.byteLength
      if (this.#size <= ANSWER_BYTES_MAX) this.#pieces.push(piece)
      else this.#pieces = []
      return
    }
    for (const data of this.#events.push(piece)) this.#read(data)
  }

  /** Returns the counts. `complete` is true only if the response reported its final counts. */
  finish(): Reading {
    if (this.#events === null && this.#pieces.length > 0) {
      this.#read(Buffer.concat(this.#pieces).toString('utf8'))
    }
    return this.#reading
  }

  #read(text: string): void {
    // Most events are deltas without counts, so do not spend time parsing them.
    if (!text.includes('"usage"')) return
    const message = parse(text)
    if (message !== undefined) this.#reading = this.#dialect.read(message, this.#reading)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
