import type { AttemptReport } from '../domain/attempt.ts'
import type { Clock } from '../platform/clock.ts'
import type { MeteredDoor } from './context.ts'

const INTERVAL_MS = 5000

type Watch = {
  readonly report: Pick<AttemptReport, 'tell'>
  readonly reached: (key: string) => void
  readonly clock: Clock
}

/**
 * Checks the attempt's model usage regularly and reports every change, until the signal aborts.
 * Each check, including a last one after the abort, also calls `reached` with the key of every
 * account that has answered.
 */
export async function watchUsage(
  metered: MeteredDoor,
  { report, reached, clock }: Watch,
  signal: AbortSignal,
): Promise<void> {
  let reported = 0
  for (;;) {
    await clock.sleep(INTERVAL_MS, signal)
    for (const key of await metered.answered()) reached(key)
    if (signal.aborted) return
    const usage = await metered.usage()
    if (usage.requests > reported) report.tell({ type: 'usage', usage })
    reported = usage.requests
  }
}
