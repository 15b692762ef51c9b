import { stripVTControlCharacters } from 'node:util'
import { clip } from '../domain/text.ts'

/** Longest text to buffer, in characters. It exceeds LINE_MAX because it may have escape sequences. */
const HELD_MAX = 4096
/** Longest resulting line, in characters. */
const LINE_MAX = 400

/**
 * Splits text that arrives in chunks into lines as a terminal would show them: without colors and
 * control characters, and only the last state of a line that was overwritten with carriage returns.
 * Long lines are truncated.
 */
export class PlainLines {
  readonly #onLine: (line: string) => void
  #held = ''
  /** Whether the buffered text ended with a carriage return, so that the next text overwrites it. */
  #returned = false

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(text: string): void {
    const pieces = text.split('\n')
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.#emit()
      if (piece !== '') this.#write(piece)
    }
  }

  /** Emits the last line, which may lack its newline. */
  end(): void {
    if (this.#held !== '') this.#emit()
  }

  #write(piece: string): void {
    const written = piece.replace(/\r+$/, '')
    const from = written.lastIndexOf('\r') + 1
    if (from > 0 || (this.#returned && written !== '')) this.#held = ''
    this.#held += written.slice(from, from + HELD_MAX - this.#held.length)
    this.#returned = written.length < piece.length || (this.#returned && written === '')
  }

  #emit(): void {
    const plain = stripVTControlCharacters(this.#held).replaceAll(CONTROL, '').trimEnd()
    this.#held = ''
    this.#returned = false
    this.#onLine(clip(plain, LINE_MAX))
  }
}

/** Control characters except tab. */
const CONTROL = /(?!\t)\p{Cc}/gu
