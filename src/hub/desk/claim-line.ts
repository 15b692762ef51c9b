import type { Clock } from '../../platform/clock.ts'
import { Bell } from './bell.ts'

/** The place of one claim in a line. */
export type WaitingClaim = {
  /** Call before each search for a job, so that news during the search wakes the claim again. */
  look(): void
  /** Resolves when there may be a job, after `waitMs`, or when the signal aborts. */
  wait(waitMs: number, signal: AbortSignal): Promise<void>
  /** Call after a search that found a job: there may be more, so the next claim searches too. */
  callNext(): void
  leave(): void
}

/**
 * Claims that wait for a job, in order of arrival. Claims that can serve the same jobs share a line,
 * and news of work wakes only the head of each line, so that one new job does not wake two hundred
 * idle workers. No wakeup is lost: a claim that is woken during its search searches again, and one
 * that leaves passes its wakeup on.
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

  /** Joins the line with this key; claims with the same key can serve the same jobs. */
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

  /** Wakes the head of each line, because there may be work. */
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
