import type { Sent } from '../domain/callback.ts'
import type { DeliveryEnd } from '../ledger/port.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Delay after the first, second, … failed try; about three days in total. */
const WAITS_MS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
  24 * HOUR,
] as const
/** Upper bound for a receiver's `Retry-After`. */
const RETRY_AFTER_MS_MAX = 24 * HOUR
/** Each delay grows by up to this share, so that messages that failed together are not retried together. */
const JITTER = 0.2
const GONE = 410

export const TRIES_MAX = WAITS_MS.length + 1

/**
 * The next state of a delivery. 2xx delivers it; 410 fails it, because the receiver wants no more
 * messages; anything else is retried with growing delays, and fails it after `TRIES_MAX` tries.
 * @param tries including this one
 * @param chance random, from 0 to 1
 */
export function afterSend(tries: number, sent: Sent, chance: number): DeliveryEnd['next'] {
  const status = sent.kind === 'answered' ? sent.status : 0
  if (status >= 200 && status < 300) return { state: 'delivered' }
  const wait = WAITS_MS[tries - 1]
  if (status === GONE || wait === undefined) return { state: 'failed' }
  const retryAfterMs = sent.kind === 'answered' ? (sent.retryAfterMs ?? 0) : 0
  const delayMs = Math.max(wait * (1 + JITTER * chance), Math.min(retryAfterMs, RETRY_AFTER_MS_MAX))
  return { state: 'pending', delayMs: Math.round(delayMs) }
}
