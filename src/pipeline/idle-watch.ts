import type { Clock } from '../platform/clock.ts'
import type { StopOrder } from './stop-order.ts'

type IdleWatch = {
  /** Longest silence in milliseconds. */
  readonly limitMs: number
  readonly clock: Clock
  readonly stops: StopOrder
}

/**
 * Runs work that must show signs of life by calling `alive`. After `limitMs` of silence the
 * attempt is stopped with the reason `idle-limit`.
 */
export async function watchIdle<Value>(
  watch: IdleWatch,
  work: (alive: () => void) => Promise<Value>,
): Promise<Value> {
  let heardAt = watch.clock.monotonic()
  const over = new AbortController()
  const silence = stopWhenSilent(watch, () => heardAt, over.signal)
  try {
    return await work(() => {
      heardAt = watch.clock.monotonic()
    })
  } finally {
    over.abort()
    await silence
  }
}

async function stopWhenSilent(
  { limitMs, clock, stops }: IdleWatch,
  heardAt: () => number,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    const left = heardAt() + limitMs - clock.monotonic()
    if (left <= 0) break
    await clock.sleep(Math.ceil(left), over)
    if (over.aborted) return
  }
  stops.stop({
    kind: 'limit',
    reason: 'idle-limit',
    detail: `the agent said nothing for limits.idleMs = ${limitMs} ms`,
  })
}
