import { setTimeout as wait } from 'node:timers/promises'

/** Local time and waiting. Leases are never judged by it, except by the hub that owns the ledger. */
export type Clock = {
  /** Milliseconds since the epoch; may step. */
  now(): number
  /** Milliseconds since some fixed moment, the same in all threads; never steps back. */
  monotonic(): number
  /** Waits, or ends early without an error when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // performance.now() counts from the start of each thread.
  monotonic: () => Number(process.hrtime.bigint()) / 1e6,
  sleep: async (ms, signal) => {
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error
    })
  },
}
