import { type AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'

/** How long a follower waits for a hub that went away. */
const PATIENCE_MS = 5 * 60_000
/** How often it says that it still waits. */
const REMIND_MS = 60_000

/** Bears a hub that is away, for a while. */
export type HubAway = {
  /** Since when it has not answered, in milliseconds since the epoch; null while it does. */
  readonly since: number | null
  /** Takes a failed call. Throws what is no absence, and any error once the absence is too long. */
  bear(error: unknown): void
  /** The hub has answered. */
  over(): void
}

/** @param tell called when the hub goes away, and each minute of its absence */
export function hubAway(
  clock: Pick<Clock, 'now' | 'monotonic'>,
  tell: (error: AppError, awayMs: number) => void,
): HubAway {
  let gone: { readonly at: number; readonly mark: number } | null = null
  let told = 0
  return {
    get since() {
      return gone?.at ?? null
    },
    bear: (error) => {
      if (!isAppError(error) || !error.retryable) throw error
      const first = gone === null
      gone ??= { at: clock.now(), mark: clock.monotonic() }
      const awayMs = clock.monotonic() - gone.mark
      if (awayMs > PATIENCE_MS) throw error
      if (!first && awayMs - told < REMIND_MS) return
      told = awayMs
      tell(error, awayMs)
    },
    over: () => {
      gone = null
    },
  }
}
