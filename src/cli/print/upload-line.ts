import { bytes } from '../../domain/bytes.ts'
import type { Clock } from '../../platform/clock.ts'
import type { UploadWatch } from '../submit-with-inputs.ts'
import type { Terminal } from '../terminal.ts'
import type { Printer } from './printer.ts'
import { ERASE, REDRAW_MS } from './progress.ts'

/** Shows the progress of uploads that take longer than half a second, if stderr is a terminal. */
export function startUploadLine(
  totalBytes: number,
  tools: {
    readonly print: Pick<Printer, 'live'>
    readonly terminal: Pick<Terminal, 'stderr'>
    readonly clock: Pick<Clock, 'monotonic'>
  },
): UploadWatch {
  const { print, terminal, clock } = tools
  let done = 0
  let drawnAt = clock.monotonic()
  let isDrawn = false
  return {
    sent: (count) => {
      done += count
      if (!print.live || clock.monotonic() - drawnAt < REDRAW_MS) return
      drawnAt = clock.monotonic()
      isDrawn = true
      terminal.stderr.write(`${ERASE}  uploading ${bytes(done)} of ${bytes(totalBytes)}`)
    },
    [Symbol.dispose]: () => {
      if (isDrawn) terminal.stderr.write(ERASE)
    },
  }
}
