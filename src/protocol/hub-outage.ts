import { type AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'

const OUTAGE_MS_MAX = 5 * 60_000
const REPORT_EVERY_MS = 60_000

/**
 * Tracks whether the hub is reachable. Calls may be retried until an outage has lasted five
 * minutes.
 */
export type HubOutage = {
  /** Start of the current outage, in milliseconds since the epoch; null while the hub answers. */
  readonly since: number | null
  /**
   * Records a failed call. Rethrows the error if the call cannot be retried or if the outage has
   * lasted too long.
   */
  failed(error: unknown): void
  /** Records that the hub has responded. Ends the current outage, if any. */
  over(): void
}

/** @param report called when an outage begins, and once a minute while it lasts */
export function hubOutage(
  clock: Pick<Clock, 'now' | 'monotonic'>,
  report: (error: AppError, outageMs: number) => void,
): HubOutage {
  let start: { readonly at: number; readonly mark: number } | null = null
  let reportedMs = 0
  return {
    get since() {
      return start?.at ?? null
    },
    failed: (error) => {
      if (!isAppError(error) || !error.retryable) throw error
      const first = start === null
      start ??= { at: clock.now(), mark: clock.monotonic() }
      const outageMs = clock.monotonic() - start.mark
      if (outageMs > OUTAGE_MS_MAX) throw error
      if (!first && outageMs - reportedMs < REPORT_EVERY_MS) return
      reportedMs = outageMs
      report(error, outageMs)
    },
    over: () => {
      start = null
    },
  }
}
