import { expect, it } from 'vitest'
import { Usage } from '../domain/outcome.ts'
import { addTotals, NO_TOTALS, type Totals } from '../domain/totals.ts'
import { sumOfJob } from '../domain/usage-report.ts'
import { totalsText } from './totals.ts'

const PAID = Usage.parse({ requests: 1, inputTokens: 1200, outputTokens: 30, costUsd: 0.25 })

const succeeded = (usage: Usage | null): Totals => ({
  ...NO_TOTALS,
  jobs: { ...NO_TOTALS.jobs, succeeded: 1 },
  usage: sumOfJob(usage),
})

it('totals name the counts that are not zero, and nothing of models that were not used', () => {
  const jobs = { queued: 3, running: 1, paused: 0, succeeded: 97, failed: 2, cancelled: 0 }
  expect(totalsText({ ...NO_TOTALS, jobs, continued: 4 })).toBe(
    '97 succeeded · 2 failed · 4 retried · 1 running · 3 queued',
  )
})

it('totals add up the known costs and count the jobs without one', () => {
  const unpriced = { ...PAID, costUsd: 'unknown' as const }
  const all = [PAID, PAID, unpriced, null].map(succeeded).reduce(addTotals)
  expect(totalsText(all)).toBe('4 succeeded · 3.6k in, 90 out · $0.50, unknown for 1 job')
})
