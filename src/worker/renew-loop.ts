import { isAppError } from '../domain/errors.ts'
import type { Fence } from '../domain/lease.ts'
import type { StopOrder } from '../pipeline/stop-order.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import { WAIT_MS_MAX } from '../protocol/schemas.ts'
import type { Lifeline } from './lifeline.ts'
import { isGone, within } from './patience.ts'

const RETRY_MS = 2000

export type Renewing = {
  /** With the attempt's token. */
  readonly hub: HubClient
  readonly fence: Fence
  readonly leaseMs: number
  readonly lifeline: Lifeline
  readonly stops: StopOrder
  readonly clock: Clock
}

/**
 * Keeps the lease, a renewal every quarter of it. The hub holds each answer for that long, so a
 * cancel is heard at once. Ends when the signal aborts or the hub says the lease is gone.
 */
export async function keepLease(renewing: Renewing, signal: AbortSignal): Promise<void> {
  const { clock, leaseMs, stops } = renewing
  let next: Next = 'again'
  while (!signal.aborted && next !== 'gone') {
    next = await runOnce(renewing, signal)
    // After a cancel was heard the hub answers at once: nothing more is to be waited for there.
    if (next === 'heard-cancel') await clock.sleep(leaseMs / 4, signal)
    if (next === 'failed') await clock.sleep(Math.min(RETRY_MS, leaseMs / 10), signal)
  }
  if (next === 'gone' && !signal.aborted) stops.stop({ kind: 'lost' })
}

type Next = 'again' | 'heard-cancel' | 'failed' | 'gone'

/** One renewal. */
export async function runOnce(renewing: Renewing, signal: AbortSignal): Promise<Next> {
  const { hub, fence, leaseMs, lifeline, stops, clock } = renewing
  const sentAt = clock.monotonic()
  const waitMs =
    stops.why?.kind === 'cancelled' ? 0 : Math.min(WAIT_MS_MAX, Math.floor(leaseMs / 4))
  const params = { job: fence.jobId, attempt: fence.attempt }
  try {
    const { cancelRequested } = await within(
      (trying) => hub.call('renewLease', { params, body: { leaseMs, waitMs } }, trying),
      Math.floor(waitMs + leaseMs / 8),
      signal,
    )
    lifeline.acknowledged(sentAt)
    if (cancelRequested) stops.stop({ kind: 'cancelled' })
    return cancelRequested ? 'heard-cancel' : 'again'
  } catch (error) {
    if (signal.aborted) return 'again'
    if (isGone(error)) return 'gone'
    if (isAppError(error) && error.retryable) return 'failed'
    throw error
  }
}
