import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/domain/errors.ts'
import { Stopped } from '../../src/domain/stop.ts'
import { silentLog } from '../../src/platform/log.ts'
import { deliverReport } from '../../src/worker/deliver-report.ts'
import type { FinalReport } from '../../src/worker/report-spool.ts'
import { startTestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'

const FOREVER = new AbortController().signal

describe('a final report', () => {
  it.each([
    ['refused', 'refused', new AppError('request-invalid', 'too large'), 'running'],
    ['of an attempt that is over', 'accepted', new AppError('lease-lost', 'over'), 'queued'],
    ['broken off by a lost lease', 'refused', new Stopped({ kind: 'lease-lost' }), 'running'],
  ])('whose artifact is %s is %s', async (_artifact, answer, error, state) => {
    await using hub = await startTestHub()
    const { lease } = await aLease(hub)
    const way = { hub: hub.worker, clock: hub.clock, log: silentLog }
    const before = () => Promise.reject(error)
    expect(await deliverReport(handBack(lease), way, before, FOREVER)).toBe(answer)
    expect(await hub.ledger.job(lease.job.id)).toMatchObject({ state })
  })

  it('is not taken for refused when there is a bug', async () => {
    await using hub = await startTestHub()
    const { lease } = await aLease(hub)
    const way = { hub: hub.worker, clock: hub.clock, log: silentLog }
    const bug = new Error('a bug')
    await expect(
      deliverReport(handBack(lease), way, () => Promise.reject(bug), FOREVER),
    ).rejects.toBe(bug)
  })
})

type Leased = Awaited<ReturnType<typeof aLease>>['lease']

const handBack = ({ job, attempt, token }: Leased): FinalReport => ({
  jobId: job.id,
  attempt,
  token,
  end: { kind: 'hand-back' },
  usage: null,
  artifacts: [],
})
