import type { Writable } from 'node:stream'

/**
 * Writes lines to a stream that may fail, such as stderr on a full disk. A line that cannot be
 * written is lost. Counts the lost lines, and tries to report their number before the next line.
 */
export class LossyLines {
  readonly #stream: Writable
  readonly #reportOf: (lost: number) => string
  #lost = 0
  #isReporting = false

  /** @param reportOf makes the line that reports the loss, with its newline */
  constructor(stream: Writable, reportOf: (lost: number) => string) {
    this.#stream = stream
    this.#reportOf = reportOf
    // Without a listener, an error of the stream would end the program.
    stream.on('error', () => {})
  }

  write(line: string): void {
    if (this.#lost > 0 && !this.#isReporting) this.#report(this.#lost)
    this.#stream.write(line, (error) => {
      if (error !== null && error !== undefined) this.#lost += 1
    })
  }

  #report(lost: number): void {
    this.#isReporting = true
    // The disk may have become full in the middle of a line, so begin the report on a new line.
    this.#stream.write(`\n${this.#reportOf(lost)}`, (error) => {
      this.#isReporting = false
      if (error === null || error === undefined) this.#lost -= lost
    })
  }
}
