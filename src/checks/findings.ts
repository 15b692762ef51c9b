import { Buffer } from 'node:buffer'
import { saysFailure } from '../domain/failure-signs.ts'
import { PlainLines } from './plain-lines.ts'

/**
 * Maximum size of the findings, in bytes. The subtracted bytes are reserved for the line that says
 * how the check ended.
 */
const BYTES_MAX = 6 * 1024 - 256
/**
 * If the output exceeds BYTES_MAX: the maximum number of bytes to keep of the first failures, of
 * the last failures, and of the end.
 */
const FIRST_BYTES_MAX = 2400
const LAST_BYTES_MAX = 1600
const END_BYTES_MAX = 1200
/** Bytes reserved for each mark that says how many lines are left out. */
const MARK_BYTES = 40
/** Lines kept before and after a line that reports a failure. */
const LINES_BEFORE = 2
const LINES_AFTER = 6
/**
 * Maximum number of failure lines to remember. A remembered line that recurs is not a new failure.
 */
const KNOWN_MAX = 1000

/** A line, its number in the output, and its size including the newline. */
type Line = { readonly at: number; readonly text: string; readonly bytes: number }

/**
 * Shortens a check's output to what explains its failure. Keeps short output whole. Of longer
 * output, keeps the end and the lines that report a failure, with some lines around them. Accepts
 * output of any size in chunks, with bounded memory use.
 */
export class Findings {
  /** All lines so far, or null once they exceed BYTES_MAX. */
  #whole: Line[] | null = []
  #wholeBytes = 0
  readonly #first = new LinesUntilFull(FIRST_BYTES_MAX)
  readonly #last = new NewestLines(LAST_BYTES_MAX)
  readonly #end = new NewestLines(END_BYTES_MAX)
  #before: Line[] = []
  #linesAfter = 0
  readonly #known = new Set<string>()
  readonly #readers: PlainLines[] = []
  #count = 0
  #newest: string | null = null
  #repeats = 0

  /**
   * Makes a reader for one output stream. If two streams shared a reader, their lines would mix.
   */
  reader(): (text: string) => void {
    const lines = new PlainLines((line) => this.#hear(line))
    this.#readers.push(lines)
    return (text) => lines.push(text)
  }

  /** Returns the findings. Call it once, after all streams have ended. */
  take(): string {
    for (const reader of this.#readers) reader.end()
    this.#addRepeats()
    if (this.#whole !== null) return shown(this.#whole, this.#count)
    const lines = [...this.#first.lines, ...this.#last.lines, ...this.#end.lines]
    const byPlace = new Map(lines.map((line) => [line.at, line]))
    return shown(
      [...byPlace.values()].toSorted((one, other) => one.at - other.at),
      this.#count,
    )
  }

  #hear(text: string): void {
    if (text === this.#newest) {
      this.#repeats += 1
      return
    }
    this.#addRepeats()
    this.#newest = text
    this.#add(text)
  }

  #addRepeats(): void {
    if (this.#repeats > 0 && this.#newest !== '') {
      this.#add(`[repeated ${this.#repeats} time${this.#repeats === 1 ? '' : 's'}]`)
    }
    this.#repeats = 0
  }

  #add(text: string): void {
    const line = { at: this.#count, text, bytes: Buffer.byteLength(text) + 1 }
    this.#count += 1
    this.#addToWhole(line)
    this.#end.add(line)
    if (this.#isNewFailure(text)) {
      for (const earlier of this.#before) this.#keep(earlier)
      this.#before = []
      this.#linesAfter = LINES_AFTER + 1
    }
    if (this.#linesAfter > 0) {
      this.#linesAfter -= 1
      this.#keep(line)
    } else {
      this.#before = [...this.#before, line].slice(-LINES_BEFORE)
    }
  }

  #addToWhole(line: Line): void {
    this.#wholeBytes += line.bytes
    if (this.#wholeBytes > BYTES_MAX) this.#whole = null
    this.#whole?.push(line)
  }

  #isNewFailure(text: string): boolean {
    if (!saysFailure(text) || this.#known.has(text)) return false
    if (this.#known.size < KNOWN_MAX) this.#known.add(text)
    return true
  }

  #keep(line: Line): void {
    if (!this.#first.add(line)) this.#last.add(line)
  }
}

/** Accepts lines until one does not fit. */
class LinesUntilFull {
  readonly lines: Line[] = []
  #left: number

  constructor(bytesMax: number) {
    this.#left = bytesMax
  }

  add(line: Line): boolean {
    this.#left -= line.bytes + markBefore(line, this.lines.at(-1))
    if (this.#left < 0) return false
    this.lines.push(line)
    return true
  }
}

/** Keeps as many of the newest lines as fit. */
class NewestLines {
  readonly lines: Line[] = []
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(line: Line): void {
    this.#bytes += line.bytes + markBefore(line, this.lines.at(-1))
    this.lines.push(line)
    for (
      let [oldest, next] = this.lines;
      this.#bytes > this.#bytesMax;
      [oldest, next] = this.lines
    ) {
      if (oldest === undefined || next === undefined) return
      this.#bytes -= oldest.bytes + markBefore(next, oldest)
      this.lines.shift()
    }
  }
}

/** Bytes to reserve for a mark between two lines. 0 if no lines are left out between them. */
const markBefore = (line: Line, previous: Line | undefined): number =>
  previous === undefined || previous.at + 1 === line.at ? 0 : MARK_BYTES

/** Formats the lines in order, with a mark wherever lines are left out. */
function shown(lines: readonly Line[], count: number): string {
  let next = 0
  const parts: string[] = []
  for (const { at, text } of lines) {
    if (at > next) parts.push(leftOut(at - next))
    parts.push(text)
    next = at + 1
  }
  if (count > next) parts.push(leftOut(count - next))
  return parts.join('\n')
}

const leftOut = (lines: number): string => `[… ${lines} line${lines === 1 ? '' : 's'} left out]`
