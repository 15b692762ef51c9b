import type { Clock } from '../platform/clock.ts'
import { watchSilence } from '../platform/silence.ts'
import type { StopOrder } from './stop-order.ts'

type IdleWatch = {
  /** Longest silence in milliseconds. */
  readonly limitMs: number
  readonly clock: Clock
  readonly stopOrder: StopOrder
}

/**
 * Runs work that must show signs of life by calling `alive`. After `limitMs` of silence the
 * attempt is stopped with the reason `idle-limit`.
 */
export async function watchIdle<Value>(
  { limitMs, clock, stopOrder }: IdleWatch,
  work: (alive: () => void) => Promise<Value>,
): Promise<Value> {
  const detail = `the program said nothing for limits.idleMs = ${limitMs} ms`
  const onSilence = () => stopOrder.stop({ kind: 'limit', reason: 'idle-limit', detail })
  return await watchSilence({ limitMs, clock, onSilence }, work)
}
