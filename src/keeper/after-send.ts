import type { Sent } from '../domain/callback.ts'
import type { DeliveryEnd } from '../ledger/delivery-rows.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * Delays after the first, second and each further failed try. Together they last about three days.
 */
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
/** The longest delay that a receiver can request with `Retry-After`. */
const RETRY_AFTER_MS_MAX = 24 * HOUR
/**
 * Maximum random addition to a delay, as a fraction of the delay. Without it, messages that failed
 * at the same time would also be retried at the same time.
 */
const JITTER = 0.2
const GONE = 410

export const TRIES_MAX = WAITS_MS.length + 1

/**
 * Returns a delivery's next state after a try. If the status is 2xx, the delivery is delivered. If
 * it is 410 (Gone), the delivery fails, because the receiver wants no more messages. In all other
 * cases, including no response, the delivery is retried with increasing delays and fails after
 * `TRIES_MAX` tries.
 * @param tries number of tries, including this one
 * @param chance random number from 0 to 1
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
