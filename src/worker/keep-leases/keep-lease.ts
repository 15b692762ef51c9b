import { isAppError } from '../../domain/errors.ts'
import type { Fence } from '../../domain/lease.ts'
import type { Clock } from '../../platform/clock.ts'
import type { HubClient } from '../../protocol/client.ts'
import { WAIT_MS_MAX } from '../../protocol/schemas.ts'
import { attemptParams } from '../attempt-params.ts'
import { saysLeaseLost, withTimeout } from '../hub-call.ts'
import type { Lifeline } from './lifeline.ts'

const RETRY_MS = 2000

export type Keeping = {
  /** The hub's client. It authenticates with the attempt's token. */
  readonly hub: HubClient
  readonly fence: Fence
  readonly leaseMs: number
  readonly lifeline: Lifeline
  readonly clock: Clock
  /** Called whenever the response to a renewal says that a cancel was requested. */
  readonly onCancelRequested: () => void
}

/**
 * Renews a lease until it is lost, either because the hub says so or because no renewal was
 * acknowledged in time. Then makes the lifeline lapse and returns `lease-lost`. Returns `released`
 * if the signal aborts first.
 */
export async function keepLease(
  keeping: Keeping,
  signal: AbortSignal,
): Promise<'lease-lost' | 'released'> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  await Promise.race([renewUntilLost(keeping, either), keeping.lifeline.end(either)])
  over.abort()
  if (signal.aborted) return 'released'
  keeping.lifeline.cut()
  return 'lease-lost'
}

/**
 * Sends a renewal at least once in every quarter of the lease's duration. Each renewal is a long
 * poll: the hub responds after that quarter at the latest, or immediately when a cancel is
 * requested.
 */
async function renewUntilLost(keeping: Keeping, signal: AbortSignal): Promise<void> {
  const { clock, leaseMs, onCancelRequested } = keeping
  const holdMs = Math.min(WAIT_MS_MAX, Math.floor(leaseMs / 4))
  let waitMs = holdMs
  while (!signal.aborted) {
    const next = await renewOnce(keeping, waitMs, signal)
    if (next === 'lease-lost') return
    if (next === 'failed') await clock.sleep(Math.min(RETRY_MS, leaseMs / 10), signal)
    if (next !== 'cancel-requested') continue
    onCancelRequested()
    // After a cancel request, the hub answers every long poll immediately. Therefore, this loop no
    // longer uses long polls, and sleeps between renewals.
    waitMs = 0
    await clock.sleep(leaseMs / 4, signal)
  }
}

export async function renewOnce(
  { hub, fence, leaseMs, lifeline, clock }: Keeping,
  waitMs: number,
  signal: AbortSignal,
): Promise<'renewed' | 'cancel-requested' | 'failed' | 'lease-lost'> {
  const sentAt = clock.monotonic()
  const params = attemptParams(fence)
  try {
    const { cancelRequested } = await withTimeout(
      (trying) => hub.call('renewLease', { params, body: { leaseMs, waitMs } }, trying),
      Math.floor(waitMs + leaseMs / 8),
      signal,
    )
    lifeline.acknowledged(sentAt)
    return cancelRequested ? 'cancel-requested' : 'renewed'
  } catch (error) {
    if (signal.aborted) return 'renewed'
    if (saysLeaseLost(error)) return 'lease-lost'
    if (isAppError(error) && error.retryable) return 'failed'
    throw error
  }
}
