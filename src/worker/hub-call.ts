import { AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'

const FIRST_BACKOFF_MS = 250
const LONGEST_BACKOFF_MS = 5000

type Retries = {
  readonly clock: Clock
  /** Timeout of one try, in milliseconds. */
  readonly tryMs: number
}

/**
 * Calls the hub, and retries with backoff and without a limit until the hub accepts or refuses the
 * call. Throws the hub's refusal or the signal's reason.
 */
export function callUntilAnswered<Value>(
  call: (signal: AbortSignal) => Promise<Value>,
  { clock, tryMs }: Retries,
  signal: AbortSignal,
): Promise<Value> {
  return retryUntilAnswered((trying) => withTimeout(call, tryMs, trying), clock, signal)
}

/** Like `callUntilAnswered`, for calls that enforce their own timeout. */
export async function retryUntilAnswered<Value>(
  call: (signal: AbortSignal) => Promise<Value>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Value> {
  for (
    let backoffMs = FIRST_BACKOFF_MS;
    ;
    backoffMs = Math.min(2 * backoffMs, LONGEST_BACKOFF_MS)
  ) {
    signal.throwIfAborted()
    try {
      return await call(signal)
    } catch (error) {
      // An aborted call may throw something other than the signal's reason.
      signal.throwIfAborted()
      if (!isAppError(error) || !error.retryable) throw error
    }
    await clock.sleep(backoffMs, signal)
  }
}

/** Makes one call. Throws `hub-unreachable` if the call takes longer than `tryMs`. */
export async function withTimeout<Value>(
  call: (signal: AbortSignal) => Promise<Value>,
  tryMs: number,
  signal: AbortSignal,
): Promise<Value> {
  // AbortSignal.timeout would keep a finished call in memory until the timeout fires.
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), tryMs).unref()
  try {
    return await call(AbortSignal.any([signal, timeout.signal]))
  } catch (error) {
    if (!timeout.signal.aborted || signal.aborted) throw error
    throw new AppError('hub-unreachable', `The hub did not answer within ${tryMs} ms.`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Whether an error from the hub means that this worker no longer owns the attempt. */
export const saysLeaseLost = (error: unknown): boolean =>
  isAppError(error) &&
  ['lease-lost', 'job-terminal', 'job-not-found', 'token-invalid'].includes(error.code)
