import type { Clock } from '../platform/clock.ts'
import { watchSilence } from '../platform/silence.ts'
import type { StopOrder } from './stop-order.ts'

type IdleWatch = {
  /** Maximum time between two calls of `alive`, in milliseconds. */
  readonly limitMs: number
  readonly clock: Clock
  readonly stopOrder: StopOrder
}

/**
 * Runs work that calls `alive` at every sign of progress. Stops the attempt with the reason
 * `idle-limit` if `alive` is not called for `limitMs`.
 */
export async function watchIdle<Value>(
  { limitMs, clock, stopOrder }: IdleWatch,
  work: (alive: () => void) => Promise<Value>,
): Promise<Value> {
  const detail = `the program produced no output for ${limitMs} ms (limits.idleMs)`
  const onSilence = () => stopOrder.stop({ kind: 'limit', reason: 'idle-limit', detail })
  return await watchSilence({ limitMs, clock, onSilence }, work)
}
