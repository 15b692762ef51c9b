import { isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'

/**
 * Longest delay after a retryable error, in milliseconds. If `everyMs` is longer, that is the
 * delay.
 */
const WAIT_MS_MAX = 30_000

export type Repetition = {
  /** The loop's name in the log. */
  readonly loop: string
  readonly everyMs: number
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Calls `work` at once, and again `everyMs` after each call has finished, until the signal aborts.
 * After a retryable error, such as a full disk, the delay doubles with each failure in a row, up to
 * 30 s or `everyMs`, whichever is longer. Throws any other error.
 */
export async function repeat(
  work: () => Promise<void>,
  { loop, everyMs, clock, log }: Repetition,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    try {
      await work()
      failures = 0
    } catch (error) {
      if (!isAppError(error) || !error.retryable) throw error
      failures += 1
      log.warn(
        { loop, failures, code: error.code, error: error.message },
        'a background loop failed; it will be retried',
      )
    }
    await clock.sleep(Math.max(everyMs, Math.min(everyMs * 2 ** failures, WAIT_MS_MAX)), signal)
  }
}
