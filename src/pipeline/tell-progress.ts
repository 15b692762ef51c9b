import type { AttemptReport } from '../domain/attempt.ts'
import type { Progress } from '../domain/event.ts'
import type { Clock } from '../platform/clock.ts'

/** Minimum time between progress events, in milliseconds. */
const EVERY_MS = 5000
/**
 * Maximum number of progress events, so that a program with endless output cannot fill the ledger.
 */
const EVENTS_MAX = 1000

/**
 * Receives progress through `see`, which may be called at any rate. Sends no events after it is
 * disposed.
 */
export type ProgressTeller = AsyncDisposable & { see(progress: Progress): void }

/**
 * Reports progress as events: the first progress immediately, then the newest every 5 seconds, with
 * at most 1000 events in total.
 */
export function tellProgress(report: Pick<AttemptReport, 'tell'>, clock: Clock): ProgressTeller {
  const over = new AbortController()
  let newest: Progress | null = null
  let count = 0
  let reporting: Promise<void> | null = null
  const reportNewest = async (): Promise<void> => {
    for (; newest !== null && count < EVENTS_MAX && !over.signal.aborted; count += 1) {
      report.tell({ type: 'progress', ...newest })
      newest = null
      await clock.sleep(EVERY_MS, over.signal)
    }
    reporting = null
  }
  return {
    see: (progress) => {
      newest = progress
      reporting ??= reportNewest()
    },
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await reporting
    },
  }
}
