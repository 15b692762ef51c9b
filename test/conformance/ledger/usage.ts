import { describe, expect, it } from 'vitest'
import { Usage } from '../../../src/domain/outcome.ts'
import type { UsageBy } from '../../../src/domain/usage-report.ts'
import type { Ledger, NewJob } from '../../../src/ledger/port.ts'
import { type Bed, claimed, type OpenLedger, submitted, SUCCEEDED } from './bed.ts'

const DAY_MS = 86_400_000

/** Runs a job that ends with this usage. */
async function ended(
  ledger: Ledger,
  job: Partial<NewJob>,
  usage: Partial<Usage> | null,
): Promise<void> {
  await submitted(ledger, job)
  const offers = (job.demands ?? []).filter((demand) => !demand.startsWith('protocol:'))
  const fence = await claimed(ledger, { labels: [...(job.labels ?? [])], offers })
  const used = usage === null ? null : Usage.parse({ requests: 1, ...usage })
  await ledger.settle(fence, SUCCEEDED, used)
}

/** Jobs of two days: two with a known cost, one with an unknown cost, and one without a model. */
async function withJobs(open: OpenLedger): Promise<Bed> {
  const bed = await open()
  const { ledger, advance } = bed
  const app = ['agent:codex', 'repo:https://host/app']
  const ada = { name: 'ada', tokenId: 'a' }
  await ended(
    ledger,
    { labels: ['fast', 'gpu'], demands: app, submitter: ada, group: 'nightly' },
    { inputTokens: 100, cachedInputTokens: 40, outputTokens: 10, costUsd: 0.5, models: ['m'] },
  )
  await ended(
    ledger,
    { labels: ['gpu'], demands: app, submitter: ada },
    { inputTokens: 5, outputTokens: 1, costUsd: 0.25, models: ['n', 'm'], replayed: true },
  )
  advance(DAY_MS)
  await ended(
    ledger,
    { demands: ['agent:builtin', 'repo:https://host/site'] },
    { inputTokens: 7, costUsd: 'unknown', models: ['m'] },
  )
  await ended(ledger, { group: 'nightly' }, null)
  return bed
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const ALWAYS = { createdFrom: 0, createdBefore: Number.MAX_SAFE_INTEGER }

export function usageConformance(open: OpenLedger): void {
  describe('usage', () => {
    it('is summed over all jobs, with unknown costs and replays counted apart', async () => {
      const { ledger } = await withJobs(open)
      expect((await ledger.usageReport({ by: 'day', ...ALWAYS })).total).toEqual({
        jobs: 4,
        inputTokens: 112,
        cachedInputTokens: 40,
        outputTokens: 11,
        costUsd: 0.75,
        unknownCosts: 1,
        replayed: 1,
      })
    })

    it.each<[UsageBy, readonly (readonly [string | null, number, number])[]]>([
      [
        'label',
        [
          ['gpu', 2, 0.75],
          ['fast', 1, 0.5],
          [null, 2, 0],
        ],
      ],
      [
        'repository',
        [
          ['https://host/app', 2, 0.75],
          ['https://host/site', 1, 0],
          [null, 1, 0],
        ],
      ],
      [
        'agent',
        [
          ['codex', 2, 0.75],
          ['builtin', 1, 0],
          [null, 1, 0],
        ],
      ],
      [
        'model',
        [
          ['m', 2, 0.5],
          ['m + n', 1, 0.25],
          [null, 1, 0],
        ],
      ],
      [
        'submitter',
        [
          ['ada', 2, 0.75],
          ['tester', 2, 0],
        ],
      ],
      [
        'group',
        [
          ['nightly', 2, 0.5],
          [null, 2, 0.25],
        ],
      ],
    ])('is grouped by %s, the highest cost first', async (by, expected) => {
      const { ledger } = await withJobs(open)
      const { rows, rowsLeftOut } = await ledger.usageReport({ by, ...ALWAYS })
      expect(rows.map(({ key, jobs, costUsd }) => [key, jobs, costUsd])).toEqual(expected)
      expect(rowsLeftOut).toBe(0)
    })

    it('is grouped by day, in order, and limited to a period', async () => {
      const { ledger } = await withJobs(open)
      const [newest] = await ledger.jobs({ filter: {}, after: null, limit: 1 })
      const at = newest?.createdAt ?? 0
      const daysOf = async (period: Partial<typeof ALWAYS>) => {
        const { rows } = await ledger.usageReport({ by: 'day', ...ALWAYS, ...period })
        return rows.map(({ key, jobs }) => [key, jobs])
      }
      const [first, second] = [
        [day(at - DAY_MS), 2],
        [day(at), 2],
      ]
      expect(await daysOf({})).toEqual([first, second])
      expect(await daysOf({ createdFrom: at })).toEqual([second])
      expect(await daysOf({ createdBefore: at })).toEqual([first])
    })

    it('of no jobs is zero', async () => {
      const { ledger } = await open()
      const { rows, total } = await ledger.usageReport({ by: 'model', ...ALWAYS })
      expect(rows).toEqual([])
      expect(total).toMatchObject({ jobs: 0, costUsd: 0 })
    })
  })
}
