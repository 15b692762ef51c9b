import type { Totals } from '../../domain/totals.ts'
import type { Clock } from '../../platform/clock.ts'
import { duration } from '../../words/quantity.ts'
import { totalsText } from '../../words/totals.ts'
import type { Terminal } from '../terminal.ts'
import type { Printer } from './printer.ts'
import { ERASE } from './progress.ts'

/** The minimum time between two lines if stderr is not a terminal, in milliseconds. */
const LINE_EVERY_MS = 30_000

/**
 * Shows totals on stderr while they change: as one line that is redrawn on a terminal, otherwise as
 * a new line at most every 30 seconds.
 */
export type TotalsLine = Disposable & {
  show(totals: Totals): void
  /** Prints a message without mixing it with the line. */
  note(text: string): void
}

export function startTotalsLine(
  print: Pick<Printer, 'live' | 'note'>,
  { stderr }: Pick<Terminal, 'stderr'>,
  clock: Pick<Clock, 'monotonic'>,
): TotalsLine {
  const started = clock.monotonic()
  let shown = ''
  let shownAt = -Infinity
  const erase = (): void => {
    if (print.live) stderr.write(ERASE)
  }
  const showLine = (text: string): void => {
    if (text === shown || clock.monotonic() - shownAt < LINE_EVERY_MS) return
    shown = text
    shownAt = clock.monotonic()
    print.note(text)
  }
  return {
    show: (totals) => {
      const text = totalsText(totals)
      if (!print.live) return showLine(text)
      const elapsed = duration(Math.floor((clock.monotonic() - started) / 1000) * 1000)
      stderr.write(`${ERASE}  ${text} · ${elapsed}`)
    },
    note: (text) => {
      erase()
      print.note(text)
    },
    [Symbol.dispose]: erase,
  }
}
