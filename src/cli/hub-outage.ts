import { type AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'

const OUTAGE_MS_MAX = 5 * 60_000
const REMIND_MS = 60_000

/** Tolerates an outage of the hub for five minutes. */
export type HubOutage = {
  /** Start of the current outage, in milliseconds since the epoch; null while the hub answers. */
  readonly since: number | null
  /** Records a failed call. Throws an error that cannot be retried, and any once the outage is too long. */
  failed(error: unknown): void
  /** Records an answer of the hub. */
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
      if (!first && outageMs - reportedMs < REMIND_MS) return
      reportedMs = outageMs
      report(error, outageMs)
    },
    over: () => {
      start = null
    },
  }
}
