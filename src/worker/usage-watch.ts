import type { AttemptReport } from '../domain/attempt.ts'
import type { Clock } from '../platform/clock.ts'
import type { MeteredDoor } from './context.ts'

const INTERVAL_MS = 5000

/** Checks the attempt's model usage regularly and reports every change, until the signal aborts. */
export async function watchUsage(
  metered: MeteredDoor,
  { report, clock }: { readonly report: Pick<AttemptReport, 'tell'>; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  let reported = 0
  for (;;) {
    await clock.sleep(INTERVAL_MS, signal)
    if (signal.aborted) return
    const usage = await metered.usage()
    if (usage.requests > reported) report.tell({ type: 'usage', usage })
    reported = usage.requests
  }
}
