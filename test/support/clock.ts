import type { Clock } from '../../src/platform/clock.ts'
import { systemClock } from '../../src/platform/clock.ts'

/** Real time that a test can advance; sleepers whose time has passed then wake. */
export type TestClock = Clock & { advance(ms: number): void }

export function testClock(): TestClock {
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  let ahead = 0
  const monotonic = () => systemClock.monotonic() + ahead
  return {
    now: () => systemClock.now() + ahead,
    monotonic,
    sleep: async (ms, signal) => {
      const early = new AbortController()
      const sleeper = { until: monotonic() + ms, wake: () => early.abort() }
      sleepers.add(sleeper)
      const signals = signal === undefined ? [] : [signal]
      await systemClock.sleep(ms, AbortSignal.any([early.signal, ...signals]))
      sleepers.delete(sleeper)
    },
    advance: (ms) => {
      ahead += ms
      for (const { until, wake } of sleepers) if (until <= monotonic()) wake()
    },
  }
}
