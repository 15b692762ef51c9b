import { setTimeout as wait } from 'node:timers/promises'

/** The machine's time. Only the hub that owns the ledger may use it to expire leases. */
export type Clock = {
  /** Milliseconds since the epoch. The value jumps if the machine's clock is changed. */
  now(): number
  /** Milliseconds since a fixed time that is the same in all threads. Never decreases. */
  monotonic(): number
  /** Waits `ms` milliseconds. If the signal aborts, resolves early without an error. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // `performance.now()` would not do, because it starts at 0 in each thread.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error
    })
  },
}
