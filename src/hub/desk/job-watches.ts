import type { JobId } from '../../domain/id.ts'
import type { Clock } from '../../platform/clock.ts'
import { Bell } from './bell.ts'

/**
 * A reader's subscription to changes of a job. Open the subscription before the first read of the
 * job, so that no change is missed.
 */
export type JobWatch = {
  /**
   * Resolves when the job has changed since the last wait, when `waitMs` have passed, or when the
   * signal aborts, whichever is first.
   */
  wait(waitMs: number, signal: AbortSignal): Promise<void>
  [Symbol.dispose](): void
}

/**
 * Wakes readers that wait for a job to change. A wakeup can be spurious, and it does not say what
 * changed, so the reader must read the job again.
 */
export class JobWatches {
  readonly #clock: Clock
  readonly #bells = new Map<JobId, Set<Bell>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open(jobId: JobId): JobWatch {
    const bell = new Bell(this.#clock)
    const bells = this.#bells.get(jobId) ?? new Set()
    this.#bells.set(jobId, bells.add(bell))
    return {
      wait: async (waitMs, signal) => {
        await bell.wait(waitMs, signal)
        bell.heed()
      },
      [Symbol.dispose]: () => {
        bells.delete(bell)
        if (bells.size === 0 && this.#bells.get(jobId) === bells) this.#bells.delete(jobId)
      },
    }
  }

  changed(jobId: JobId): void {
    for (const bell of this.#bells.get(jobId) ?? []) bell.ring()
  }

  /** Wakes the readers of all jobs, because another process may have changed any job. */
  allChanged(): void {
    for (const jobId of this.#bells.keys()) this.changed(jobId)
  }
}
