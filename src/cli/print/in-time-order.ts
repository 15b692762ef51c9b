import type { Clock } from '../../platform/clock.ts'

/** Longest time by which a worker's log comes later than its events: it gathers before it sends. */
const HOLD_MS = 900
const LOOK_MS = 100

/** Puts what two streams tell into one order. Disposing lets out what is still held. */
export type InTimeOrder = Disposable & {
  /** @param at when it happened, milliseconds since the epoch */
  add(at: number, show: () => void): void
  /** Shows what was held long enough, and whatever happened before that. */
  letOut(): void
  /** Shows everything that is held. */
  letOutAll(): void
}

/**
 * Holds everything back for a moment, so that what happened earlier and arrives later is shown
 * earlier. Clocks of other machines may disagree; then the order suffers, but nothing is lost.
 */
export function inTimeOrder(clock: Pick<Clock, 'monotonic'>): InTimeOrder {
  let held: { readonly at: number; readonly due: number; readonly show: () => void }[] = []
  const letOutUntil = (moment: number): void => {
    const inOrder = held.toSorted((one, other) => one.at - other.at)
    const last = inOrder.findLastIndex(({ due }) => due <= moment)
    held = inOrder.slice(last + 1)
    for (const { show } of inOrder.slice(0, last + 1)) show()
  }
  const letOut = (): void => letOutUntil(clock.monotonic())
  const letOutAll = (): void => letOutUntil(Number.POSITIVE_INFINITY)
  const timer = setInterval(letOut, LOOK_MS)
  return {
    add: (at, show) => {
      held.push({ at, due: clock.monotonic() + HOLD_MS, show })
    },
    letOut,
    letOutAll,
    [Symbol.dispose]: () => {
      clearInterval(timer)
      letOutAll()
    },
  }
}
