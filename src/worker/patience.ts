import { AppError, isAppError } from '../domain/errors.ts'
import type { Clock } from '../platform/clock.ts'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5000

type Patience = {
  readonly clock: Clock
  /** Longest time for one try in milliseconds. */
  readonly tryMs: number
}

/**
 * Repeats a call to the hub until the hub answers something other than "later", without a limit.
 * Throws what the hub refused with, or the signal's reason.
 */
export function insist<Value>(
  call: (signal: AbortSignal) => Promise<Value>,
  { clock, tryMs }: Patience,
  signal: AbortSignal,
): Promise<Value> {
  return keepAsking((trying) => within(call, tryMs, trying), clock, signal)
}

/** The same for calls that see to their own time. */
export async function keepAsking<Value>(
  call: (signal: AbortSignal) => Promise<Value>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Value> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    signal.throwIfAborted()
    try {
      return await call(signal)
    } catch (error) {
      // What a call throws that was broken off need not be the reason.
      signal.throwIfAborted()
      if (!isAppError(error) || !error.retryable) throw error
    }
    await clock.sleep(waitMs, signal)
  }
}

/** One call that ends after `tryMs` as `hub-unreachable`: a silent hub is no better than none. */
export async function within<Value>(
  call: (signal: AbortSignal) => Promise<Value>,
  tryMs: number,
  signal: AbortSignal,
): Promise<Value> {
  // Not AbortSignal.timeout: it would hold the call and its request in memory until the time is over.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), tryMs).unref()
  try {
    return await call(AbortSignal.any([signal, late.signal]))
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error
    throw new AppError('hub-unreachable', `The hub gave no answer for ${tryMs} ms.`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Whether the hub says that this attempt is no longer ours to speak of. */
export const saysLeaseLost = (error: unknown): boolean =>
  isAppError(error) &&
  ['lease-lost', 'job-terminal', 'job-not-found', 'token-invalid'].includes(error.code)
