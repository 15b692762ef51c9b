import type { Clock } from '../../platform/clock.ts'
import { Bell } from './bell.ts'

/** One claim's place in a line. The claim alternates between searching for a job and waiting. */
export type WaitingClaim = {
  /** Call before each search. If a wakeup comes during the search, the next `wait` returns at once. */
  look(): void
  /** Resolves when there may be a job, when `waitMs` have passed, or when the signal aborts. */
  wait(waitMs: number, signal: AbortSignal): Promise<void>
  /** Call after finding a job. Wakes the next claim in the line, because there may be more jobs. */
  callNext(): void
  /** Leaves the line; passes an unused wakeup on to the next claim. */
  leave(): void
}

/**
 * Lines of workers' claims that wait for a job. Each line is in order of arrival. Claims that can
 * serve the same jobs share a line. A new job wakes only the first claim of each line, so that it
 * does not wake every idle worker. No wakeup is lost: a claim that is woken during its search
 * searches again, and a claim that leaves its line passes its unused wakeup on to the next claim.
 */
export class ClaimLine {
  readonly #clock: Clock
  readonly #lines = new Map<string, Set<Bell>>()
  #waiting = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Number of claims in all lines. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Joins the line with the key `serves`. Claims may share a key only if they can serve the same
   * jobs.
   */
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

  /** Wakes the first claim of each line. Call this when a job may have become available. */
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
