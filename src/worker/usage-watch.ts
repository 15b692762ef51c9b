import type { AttemptReport } from '../domain/attempt.ts'
import type { Clock } from '../platform/clock.ts'
import type { MeteredDoor } from './context.ts'

const INTERVAL_MS = 5000

/** Tells what the model was used for, whenever that has changed, until the signal aborts. */
export async function watchUsage(
  metered: MeteredDoor,
  { report, clock }: { readonly report: Pick<AttemptReport, 'tell'>; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  let told = 0
  for (;;) {
    await clock.sleep(INTERVAL_MS, signal)
    if (signal.aborted) return
    const usage = await metered.usage()
    if (usage.requests > told) report.tell({ type: 'usage', usage })
    told = usage.requests
  }
}
