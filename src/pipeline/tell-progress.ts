import type { AttemptReport } from '../domain/attempt.ts'
import type { Progress } from '../domain/event.ts'
import type { Clock } from '../platform/clock.ts'

/** Limits that keep a program with endless output from filling the ledger. */
const EVERY_MS = 5000
const EVENTS_MAX = 1000

/** Accepts progress at any rate. Disposing it ends the reports. */
export type ProgressTeller = AsyncDisposable & { see(progress: Progress): void }

/**
 * Reports progress as events: the first immediately, then the newest every 5 seconds, at most 1000
 * per attempt.
 */
export function tellProgress(report: Pick<AttemptReport, 'tell'>, clock: Clock): ProgressTeller {
  const over = new AbortController()
  let newest: Progress | null = null
  let told = 0
  let telling: Promise<void> | null = null
  const tellNewest = async (): Promise<void> => {
    for (; newest !== null && told < EVENTS_MAX && !over.signal.aborted; told += 1) {
      report.tell({ type: 'progress', ...newest })
      newest = null
      await clock.sleep(EVERY_MS, over.signal)
    }
    telling = null
  }
  return {
    see: (progress) => {
      newest = progress
      telling ??= tellNewest()
    },
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await telling
    },
  }
}
