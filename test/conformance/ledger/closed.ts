import { describe, expect, it } from 'vitest'
import { Limits } from '../../../src/domain/limits.ts'
import { type Deferral, Usage } from '../../../src/domain/outcome.ts'
import type { Resource } from '../../../src/domain/resource.ts'
import type { Ledger } from '../../../src/ledger/port.ts'
import {
  aRequest,
  type Bed,
  CANCELLED,
  claimed,
  eventTypes,
  FAILED,
  fenceOf,
  LEASE_MS,
  nextJob,
  type OpenLedger,
  refusal,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const REPOSITORY = 'repo:https://git.example/app'
const HOST: Resource = { key: 'host:https://git.example', covers: ['repo:https://git.example/*'] }
const ACCOUNT: Resource = { key: 'model:https://api.example#1a2b', covers: ['model:example'] }
const away = (closed: Resource): Deferral => ({
  reason: 'repository-unreachable',
  detail: 'no answer',
  closed,
})
const USED = Usage.parse({ requests: 3, outputTokens: 7 })
const NEEDS_HOST = { demands: [REPOSITORY] }
const ABLE = { offers: ['repo:*', 'model:*'] }
const WITH_ACCOUNT = { ...ABLE, accounts: [ACCOUNT.key] }

/** Submits a job that needs the host, claims it, and finds the host away. */
async function closeHost({ ledger }: Pick<Bed, 'ledger'>) {
  await submitted(ledger, NEEDS_HOST)
  const fence = await claimed(ledger, ABLE)
  return { fence, job: await ledger.defer(fence, away(HOST), null) }
}

const trial = async (ledger: Ledger, worker = ABLE) => {
  const lease = await ledger.claim(aRequest(worker))
  if (lease === null) throw new Error('there is no job to claim')
  return { trials: lease.trials, fence: fenceOf(lease) }
}

export function closedConformance(open: OpenLedger): void {
  describe('a closed resource', () => {
    it('returns the job to the queue with the reason and the time of the next try, without a failure', async () => {
      const bed = await open()
      const { job, fence } = await closeHost(bed)
      const [closed] = await bed.ledger.closed()
      expect(closed).toMatchObject({ ...away(HOST).closed, tries: 1 })
      expect(job).toMatchObject({
        state: 'queued',
        reason: 'repository-unreachable',
        detail: 'no answer',
        failures: 0,
        deferrals: 1,
        notBefore: closed?.until,
      })
      const delayMs = (closed?.until ?? 0) - (closed?.since ?? 0)
      expect(delayMs).toBeGreaterThanOrEqual(24 * SECOND)
      expect(delayMs).toBeLessThanOrEqual(30 * SECOND)
      expect(await eventTypes(bed.ledger, fence.jobId)).toEqual([
        'submitted',
        'claimed',
        'requeued',
      ])
    })

    it('holds every job that needs it, and no other', async () => {
      const { ledger } = await open()
      await closeHost({ ledger })
      await submitted(ledger, { ...NEEDS_HOST, priority: 9 })
      const other = await submitted(ledger, { demands: ['repo:https://other.example/app'] })
      expect(await nextJob(ledger, ABLE)).toBe(other)
      expect(await nextJob(ledger, ABLE)).toBeNull()
    })

    it('lets one attempt try it when its time has come, and the others only when that has reached it', async () => {
      const bed = await open()
      const { ledger } = bed
      await closeHost(bed)
      await submitted(ledger, NEEDS_HOST)
      bed.advance(30 * SECOND)
      const { trials, fence } = await trial(ledger)
      expect(trials).toEqual([HOST.key])
      expect(await nextJob(ledger, ABLE)).toBeNull()

      await ledger.appendEvents(fence, 1, [{ type: 'reached', key: HOST.key }])
      expect(await ledger.closed()).toEqual([])
      expect((await trial(ledger)).trials).toEqual([])
    })

    it('is told again to the worker that repeats the claim of the trial', async () => {
      const bed = await open()
      await closeHost(bed)
      bed.advance(30 * SECOND)
      const request = aRequest(ABLE)
      await bed.ledger.claim(request)
      expect(await bed.ledger.claim(request)).toMatchObject({ trials: [HOST.key] })
    })

    it('is tried after 30, 60 and then 120 seconds, less a fifth at most', async () => {
      const bed = await open()
      const { ledger } = bed
      await closeHost(bed)
      for (const seconds of [60, 120, 120]) {
        bed.advance(120 * SECOND)
        await ledger.defer((await trial(ledger)).fence, away(HOST), null)
        const [closed] = await ledger.closed()
        const { notBefore, id } = (await ledger.jobs({ filter: {}, after: null, limit: 1 }))[0]!
        expect(notBefore).toBe(closed?.until)
        bed.advance(seconds * 0.8 * SECOND - 1)
        expect(await nextJob(ledger, ABLE)).toBeNull()
        expect((await ledger.job(id)).failures).toBe(0)
      }
    })

    it('is not closed for longer by attempts that began before it was closed', async () => {
      const { ledger } = await open()
      for (let job = 0; job < 3; job += 1) await submitted(ledger, NEEDS_HOST)
      const fences = [
        await claimed(ledger, ABLE),
        await claimed(ledger, ABLE),
        await claimed(ledger, ABLE),
      ]
      for (const fence of fences) await ledger.defer(fence, away(HOST), null)
      expect(await ledger.closed()).toMatchObject([{ tries: 1 }])
    })

    it.each([
      [
        'fails for another reason',
        (ledger: Ledger, fence: ReturnType<typeof fenceOf>) =>
          ledger.settle(fence, { ...FAILED, reason: 'ref-not-found' }, null),
      ],
      [
        'is handed back',
        (ledger: Ledger, fence: ReturnType<typeof fenceOf>) => ledger.handBack(fence),
      ],
    ])('may be tried by the next job at once when the trial %s', async (_how, end) => {
      const bed = await open()
      const { ledger } = bed
      await closeHost(bed)
      await submitted(ledger, NEEDS_HOST)
      bed.advance(30 * SECOND)
      await end(ledger, (await trial(ledger)).fence)
      expect((await trial(ledger)).trials).toEqual([HOST.key])
    })

    it('is open again when its trial succeeds, even without a report that it was reached', async () => {
      const bed = await open()
      const { ledger } = bed
      await closeHost(bed)
      await submitted(ledger, NEEDS_HOST)
      bed.advance(30 * SECOND)
      await ledger.settle((await trial(ledger)).fence, SUCCEEDED, null)
      expect(await ledger.closed()).toEqual([])
      expect((await trial(ledger)).trials).toEqual([])
    })

    it('is tried by the others too: a job whose tries fail does not keep them from trying', async () => {
      const bed = await open()
      const { ledger } = bed
      for (const priority of [9, 8]) await submitted(ledger, { ...NEEDS_HOST, priority })
      const bad = [await claimed(ledger, ABLE), await claimed(ledger, ABLE)]
      for (const fence of bad) await ledger.defer(fence, away(HOST), null)
      const elsewhere = { demands: [`${REPOSITORY}/elsewhere`] }
      const healthy = [await submitted(ledger, NEEDS_HOST), await submitted(ledger, elsewhere)]
      for (const jobId of healthy) {
        bed.advance(120 * SECOND)
        const { fence } = await trial(ledger)
        expect(fence.jobId).toBe(jobId)
        await ledger.defer(fence, away(HOST), null)
      }
    })

    it('does not stay closed because its trial was lost', async () => {
      const bed = await open()
      const { ledger } = bed
      await closeHost(bed)
      await submitted(ledger, NEEDS_HOST)
      bed.advance(30 * SECOND)
      await trial(ledger)
      bed.advance(LEASE_MS)
      expect(await ledger.expire(10)).toBe(1)
      expect((await trial(ledger)).trials).toEqual([HOST.key])
      // And without a word of the trial, another attempt may try after two minutes.
      expect(await nextJob(ledger, ABLE)).toBeNull()
      bed.advance(120 * SECOND)
      expect((await trial(ledger)).trials).toEqual([HOST.key])
    })

    it('fails a job that it has kept waiting for limits.outageMs, with the original reason', async () => {
      const bed = await open()
      const { ledger } = bed
      await submitted(ledger, { ...NEEDS_HOST, limits: Limits.parse({ outageMs: 100 * SECOND }) })
      await ledger.defer(await claimed(ledger, ABLE), away(HOST), null)
      bed.advance(60 * SECOND)
      const second = await ledger.defer((await trial(ledger)).fence, away(HOST), null)
      expect(second.state).toBe('queued')
      bed.advance(60 * SECOND)
      const third = await ledger.defer((await trial(ledger)).fence, away(HOST), null)
      expect(third).toMatchObject({
        state: 'failed',
        reason: 'repository-unreachable',
        failures: 0,
      })
    })

    it('counts a new outage from its own beginning', async () => {
      const bed = await open()
      const { ledger } = bed
      await closeHost(bed)
      bed.advance(7 * HOUR)
      const again = await ledger.defer((await trial(ledger)).fence, away(HOST), null)
      expect(again.state).toBe('queued')
      expect(await ledger.closed()).toMatchObject([{ tries: 1 }])
    })

    it('takes no attempt from a job', async () => {
      const bed = await open()
      const { ledger } = bed
      await submitted(ledger, NEEDS_HOST)
      let job = await ledger.defer(await claimed(ledger, ABLE), away(HOST), null)
      for (let time = 0; time < 110; time += 1) {
        bed.advance(120 * SECOND)
        job = await ledger.defer((await trial(ledger)).fence, away(HOST), null)
      }
      expect(job).toMatchObject({ state: 'queued', attempt: 111, deferrals: 111 })
      bed.advance(120 * SECOND)
      const failed = await ledger.settle((await trial(ledger)).fence, FAILED, null)
      expect(failed).toMatchObject({ state: 'queued', failures: 1 })
    })

    it.each([
      [
        'an attempt reached',
        (ledger: Ledger, fence: ReturnType<typeof fenceOf>) =>
          ledger.appendEvents(fence, 1, [{ type: 'reached', key: HOST.key }]),
        null,
      ],
      ['an attempt lost after a model answered', async () => {}, USED],
    ])('that %s counts a failure from the third time in a row', async (_how, reach, usage) => {
      const bed = await open()
      const { ledger } = bed
      await submitted(ledger, NEEDS_HOST)
      const ends: (string | number)[] = []
      for (let time = 0; time < 5; time += 1) {
        const { fence } = await trial(ledger)
        await reach(ledger, fence)
        const { state, failures } = await ledger.defer(fence, away(HOST), usage)
        ends.push(state, failures)
        bed.advance(HOUR / 4)
      }
      expect(ends).toEqual(['queued', 0, 'queued', 0, 'queued', 1, 'queued', 2, 'failed', 3])
    })

    it('is closed and opened only by jobs that need it, and only for what its key stands for', async () => {
      const { ledger } = await open()
      await submitted(ledger, { demands: ['repo:https://other.example/app'] })
      const stranger = await claimed(ledger, ABLE)
      await submitted(ledger, NEEDS_HOST)
      const greedy = { ...HOST, covers: ['repo:*', 'model:*', ...HOST.covers] }
      const why = { ...away(greedy), detail: 'x'.repeat(8000) }
      await ledger.defer(await claimed(ledger, ABLE), why, null)
      const [row] = await ledger.closed()
      expect(row).toMatchObject(HOST)
      expect(row?.detail).toHaveLength(500)
      await ledger.appendEvents(stranger, 1, [{ type: 'reached', key: HOST.key }])
      const account = { ...ACCOUNT, covers: ['repo:*'] }
      const job = await ledger.defer(stranger, away(account), null)
      expect(job).toMatchObject({ state: 'queued', deferrals: 1 })
      expect(await ledger.closed()).toEqual([row])
    })

    it('may be tried at once by the job that a person resumes', async () => {
      const { ledger } = await open()
      const { fence } = await closeHost({ ledger })
      const before = await eventTypes(ledger, fence.jobId)
      expect(await ledger.tryNow(fence.jobId)).toBe(true)
      const waiting = await ledger.job(fence.jobId)
      expect(waiting).toMatchObject({ state: 'queued', notBefore: null })
      expect(await eventTypes(ledger, fence.jobId)).toEqual(before)
      expect(await trial(ledger)).toMatchObject({ trials: [HOST.key] })
      expect(await ledger.tryNow(await submitted(ledger))).toBe(false)
    })

    it('ends a job whose cancel was requested', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger, NEEDS_HOST)
      const fence = await claimed(ledger, ABLE)
      await ledger.requestCancel(jobId, 'ada')
      const { state, reason } = await ledger.defer(fence, away(HOST), null)
      expect({ state, reason }).toEqual({ state: 'cancelled', reason: CANCELLED.reason })
    })

    it('is closed once by a deferral that is repeated, and by no stale one', async () => {
      const bed = await open()
      const { ledger } = bed
      const { fence, job } = await closeHost(bed)
      expect(await ledger.defer(fence, away(HOST), null)).toEqual(job)
      bed.advance(30 * SECOND)
      await trial(ledger)
      const stale = ledger.defer(fence, { ...away(HOST), detail: 'other' }, null)
      expect(await refusal(stale)).toBe('lease-lost')
    })
  })

  describe('an account at a model', () => {
    it('that refuses requests until a known time holds the other jobs of its workers until then', async () => {
      const bed = await open()
      const { ledger } = bed
      const demands = ['model:example']
      await submitted(ledger, { demands })
      const fence = await claimed(ledger, WITH_ACCOUNT)
      const resumeAt = (await ledger.job(fence.jobId)).createdAt + HOUR
      await ledger.pause(
        fence,
        { reason: 'quota-exhausted', detail: 'used up', resumeAt, closed: ACCOUNT },
        null,
      )
      const other = await submitted(ledger, { demands })
      expect(await nextJob(ledger, WITH_ACCOUNT)).toBeNull()
      // A worker with another account is not concerned.
      expect(await nextJob(ledger, ABLE)).toBe(other)

      bed.advance(HOUR)
      expect(await ledger.resumeDue(10)).toBe(1)
      expect(await trial(ledger, WITH_ACCOUNT)).toMatchObject({ trials: [ACCOUNT.key] })
    })

    it('counts as unavailable only from its first failed request, not since its quota was used up', async () => {
      const bed = await open()
      const { ledger } = bed
      const demands = ['model:example']
      const waiting = await submitted(ledger, { demands })
      const fence = await claimed(ledger, WITH_ACCOUNT)
      const resumeAt = (await ledger.job(waiting)).createdAt + 48 * HOUR
      const why = { reason: 'quota-exhausted', detail: '', resumeAt, closed: ACCOUNT } as const
      await ledger.pause(fence, why, null)
      bed.advance(48 * HOUR)
      await ledger.resumeDue(10)
      const tried = await trial(ledger, WITH_ACCOUNT)
      const reason = 'model-unavailable'
      const deferred = await ledger.defer(tried.fence, { ...away(ACCOUNT), reason }, null)
      expect(deferred.state).toBe('queued')
    })

    it('is closed for at most 31 days, and no host is', async () => {
      const { ledger } = await open()
      const demands = ['model:example', REPOSITORY]
      for (const closed of [ACCOUNT, HOST]) {
        await submitted(ledger, { demands })
        const fence = await claimed(ledger, ABLE)
        const resumeAt = Number.MAX_SAFE_INTEGER
        await ledger.pause(fence, { reason: 'quota-exhausted', detail: '', resumeAt, closed }, null)
      }
      const rows = await ledger.closed()
      expect(rows).toMatchObject([ACCOUNT])
      expect(rows.map(({ since, until }) => until - since)).toEqual([31 * 24 * HOUR])
    })

    it('is tried early when a person resumes the job that waits for it', async () => {
      const { ledger } = await open()
      await submitted(ledger, { demands: ['model:example'] })
      const fence = await claimed(ledger, WITH_ACCOUNT)
      const resumeAt = (await ledger.job(fence.jobId)).createdAt + HOUR
      const why = { reason: 'quota-exhausted', detail: '', resumeAt, closed: ACCOUNT } as const
      await ledger.pause(fence, why, null)
      await ledger.resume(fence.jobId, 'ada')
      expect(await nextJob(ledger, WITH_ACCOUNT)).toBe(fence.jobId)
    })
  })
}
