import type { Totals } from '../domain/totals.ts'
import { usageSum } from './quantity.ts'

/** Formats totals as one line: 97 succeeded · 1 failed · 2 queued · 12.3k in, 450 out · $0.42. */
export function totalsText({ jobs, continued, usage }: Totals): string {
  const counts = [
    [jobs.succeeded, 'succeeded'],
    [jobs.failed, 'failed'],
    [jobs.cancelled, 'cancelled'],
    [continued, 'retried'],
    [jobs.paused, 'paused'],
    [jobs.running, 'running'],
    [jobs.queued, 'queued'],
  ] as const
  const shown = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  const usesModel = usage.inputTokens + usage.outputTokens > 0
  return [...shown, ...(usesModel ? [usageSum(usage)] : [])].join(' · ')
}
