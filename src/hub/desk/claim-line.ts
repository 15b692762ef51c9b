import type { Clock } from '../../platform/clock.ts'
import { Bell } from './bell.ts'

/** One claim that waits in the line. */
export type WaitingClaim = {
  /** To be said before each look for a job. */
  look(): void
  /** Resolves when it is worth looking again, when the time is over, or when the signal aborts. */
  wait(waitMs: number, signal: AbortSignal): Promise<void>
  /** After a look that found something: there may be more, so the next one looks too. */
  callNext(): void
  leave(): void
}

/**
 * Workers waiting for work, in order of arrival. Those that can serve the same jobs stand in one
 * line, and news of work calls only the head of each: two hundred idle workers and one new job
 * make one claim. Nobody misses a call: who is called while looking looks again, and who leaves
 * hands an unheeded call on.
 */
export class ClaimLine {
  readonly #clock: Clock
  readonly #lines = new Map<string, Set<Bell>>()
  #waiting = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Joins the line of those that serve the same jobs. */
  join(serves: string): WaitingClaim {
    const bell = new Bell(this.#clock)
    const line = this.#lines.get(serves) ?? new Set()
    this.#lines.set(serves, line.add(bell))
    this.#waiting += 1
    return {
      look: () => bell.heed(),
      wait: (waitMs, signal) => bell.wait(waitMs, signal),
      callNext: () => callFirst(line, bell),
      leave: () => {
        if (!line.delete(bell)) return
        this.#waiting -= 1
        if (bell.rung) callFirst(line)
        if (line.size === 0 && this.#lines.get(serves) === line) this.#lines.delete(serves)
      },
    }
  }

  /** There may be work: calls the head of each line. */
  callHeads(): void {
    for (const line of this.#lines.values()) callFirst(line)
  }
}

function callFirst(line: Iterable<Bell>, except?: Bell): void {
  for (const bell of line) {
    if (bell === except) continue
    bell.ring()
    return
  }
}
