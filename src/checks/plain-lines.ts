import { stripVTControlCharacters } from 'node:util'
import { clip } from '../domain/text.ts'

/** What is held of a line that has not ended yet, in characters; it may hold colors and be longer than it looks. */
const HELD_MAX = 4096
/** What is kept of a line, in characters. */
const LINE_MAX = 400

/**
 * Cuts text that comes in pieces into lines as a terminal would leave them: without colors and
 * control characters, and of a line that was written over again and again only the last state. Long
 * lines are cut.
 */
export class PlainLines {
  readonly #onLine: (line: string) => void
  #held = ''
  /** What comes next goes over what is held. */
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

  /** The last line may lack its end. */
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

/** All but the tab. */
const CONTROL = /(?!\t)\p{Cc}/gu
