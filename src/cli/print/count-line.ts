import type { Clock } from '../../platform/clock.ts'
import type { Terminal } from '../terminal.ts'
import type { Printer } from './printer.ts'
import { ERASE, REDRAW_MS } from './progress.ts'

/** Shows how many jobs are submitted, in a line that is redrawn, if stderr is a terminal. */
export type CountLine = Disposable & {
  count(done: number): void
  /** Prints a message without mixing it with the line. */
  note(text: string): void
}

export function startCountLine(
  total: number,
  tools: {
    readonly print: Pick<Printer, 'live' | 'note'>
    readonly terminal: Pick<Terminal, 'stderr'>
    readonly clock: Pick<Clock, 'monotonic'>
  },
): CountLine {
  const { print, terminal, clock } = tools
  let drawnAt = clock.monotonic()
  const erase = (): void => {
    if (print.live) terminal.stderr.write(ERASE)
  }
  return {
    count: (done) => {
      if (!print.live || clock.monotonic() - drawnAt < REDRAW_MS) return
      drawnAt = clock.monotonic()
      terminal.stderr.write(`${ERASE}  ${done} of ${total} jobs submitted`)
    },
    note: (text) => {
      erase()
      print.note(text)
    },
    [Symbol.dispose]: erase,
  }
}
