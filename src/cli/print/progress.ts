import type { JobEvent } from '../../domain/event.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Terminal } from '../terminal.ts'
import { phaseAfter } from '../../words/event.ts'
import type { Printer } from './printer.ts'
import { duration, usage } from '../../words/quantity.ts'

export const REDRAW_MS = 500
/** The escape sequence that moves the cursor to the start of the line and clears the line. */
export const ERASE = '\r\u001B[2K'

/**
 * A status line at the bottom of a terminal that shows what the job is doing. All other output must
 * be printed by a callback passed to `above`; otherwise it would be mixed with the status line.
 */
export type Progress = Disposable & {
  see(event: JobEvent): void
  above(print: () => void): void
}

export function startProgress(
  printer: Printer,
  terminal: Pick<Terminal, 'stderr'>,
  clock: Clock,
): Progress {
  if (!printer.live) {
    return { see: () => {}, above: (print) => print(), [Symbol.dispose]: () => {} }
  }
  const started = clock.monotonic()
  let phase = 'queued'
  let spent = ''
  const erase = (): void => void terminal.stderr.write(ERASE)
  const draw = (): void => {
    const elapsed = wholeSeconds(clock.monotonic() - started)
    terminal.stderr.write(
      `${ERASE}  ${[phase, elapsed, ...(spent === '' ? [] : [spent])].join(' · ')}`,
    )
  }
  const timer = setInterval(draw, REDRAW_MS)
  return {
    see: (event) => {
      phase = phaseAfter(event) ?? phase
      if (event.type === 'usage') spent = usage(event.usage)
      draw()
    },
    above: (print) => {
      erase()
      print()
      draw()
    },
    [Symbol.dispose]: () => {
      clearInterval(timer)
      erase()
    },
  }
}

/** Formats a duration in whole seconds, because fractions of a second would flicker. */
const wholeSeconds = (ms: number): string =>
  ms < 60_000 ? `${Math.floor(ms / 1000)} s` : duration(ms)
