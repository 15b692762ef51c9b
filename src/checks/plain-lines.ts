import { stripVTControlCharacters } from 'node:util'
import { clip } from '../domain/text.ts'

/**
 * Maximum number of characters to buffer. It is larger than LINE_MAX, because the buffer may
 * contain escape sequences, which are removed later.
 */
const HELD_MAX = 4096
/** Longest resulting line, in characters. */
const LINE_MAX = 400

/**
 * Receives text in chunks and splits it into lines as a terminal would show them: without colors
 * and control characters. If a line was overwritten with carriage returns, only its last state is
 * kept. Long lines are truncated.
 */
export class PlainLines {
  readonly #onLine: (line: string) => void
  #held = ''
  /**
   * Whether the buffered text ended with a carriage return, so that the next text overwrites it.
   */
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
