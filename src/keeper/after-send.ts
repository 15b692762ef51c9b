import type { Sent } from '../domain/callback.ts'
import type { DeliveryEnd } from '../ledger/port.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** After each try that failed; together about three days. */
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
/** Longest rest that a receiver may ask for. */
const REST_MS_MAX = 24 * HOUR
/** Waits are longer by up to this share, so that what failed together does not come back together. */
const JITTER = 0.2
const GONE = 410

export const TRIES_MAX = WAITS_MS.length + 1

/**
 * What follows from a try. 2xx is delivered; 410 says that nobody wants it any more; everything
 * else is tried again, later each time, and after `TRIES_MAX` tries not at all.
 * @param tries including this one
 * @param chance from 0 to 1
 */
export function afterSend(tries: number, sent: Sent, chance: number): DeliveryEnd['next'] {
  const status = sent.kind === 'answered' ? sent.status : 0
  if (status >= 200 && status < 300) return { state: 'delivered' }
  const wait = WAITS_MS[tries - 1]
  if (status === GONE || wait === undefined) return { state: 'failed' }
  const rest = sent.kind === 'answered' ? (sent.retryAfterMs ?? 0) : 0
  const delayMs = Math.max(wait * (1 + JITTER * chance), Math.min(rest, REST_MS_MAX))
  return { state: 'pending', delayMs: Math.round(delayMs) }
}
