import type { CommandLine } from '../domain/hint.ts'
import { type Totals, unfinished } from '../domain/totals.ts'
import { systemClock } from '../platform/clock.ts'
import { notedOutage } from './noted-outage.ts'
import type { Invocation } from './command.ts'
import { EXIT_CODES, exitCodeOfTotals } from './exit-codes.ts'
import type { Printer } from './print/printer.ts'
import { startTotalsLine } from './print/totals-line.ts'
import { listenForStop } from './stop-signals.ts'

const POLL_MS = 1000
/**
 * Requests take at most 1/SHARE of the time, so that polling large groups does not overload the
 * hub.
 */
const SHARE = 20

/**
 * Waits until each job has ended or is paused until a person resumes it. Shows the totals
 * meanwhile. Sets the exit code to the worst outcome. An interrupt stops this command but not the
 * jobs. Retries during an outage of the hub. Returns the last totals; null after an interrupt.
 */
export async function waitUntilEnded(
  invocation: Invocation,
  print: Printer,
  {
    look,
    again,
  }: {
    readonly look: () => Promise<Totals>
    /** The command with which the user can continue waiting after an interrupt. */
    readonly again: CommandLine
  },
): Promise<Totals | null> {
  using stop = listenForStop()
  using line = startTotalsLine(print, invocation.terminal, systemClock)
  const outage = notedOutage((text) => line.note(text))
  while (!stop.graceful.aborted) {
    const began = systemClock.monotonic()
    try {
      const totals = await look()
      outage.over()
      if (unfinished(totals) === 0) {
        invocation.end(exitCodeOfTotals(totals))
        return totals
      }
      line.show(totals)
    } catch (error) {
      outage.failed(error)
    }
    const tookMs = systemClock.monotonic() - began
    await systemClock.sleep(Math.max(POLL_MS, tookMs * SHARE), stop.graceful)
  }
  line.note(`The jobs continue. Wait for them with: ${print.command(again)}`)
  invocation.end(EXIT_CODES.interrupted.code)
  return null
}
