import { describe, expect, it } from 'vitest'
import { Limits } from '../../../src/domain/limits.ts'
import {
  CANCELLED,
  claimed,
  eventTypes,
  refusal,
  FAILED,
  LEASE_MS,
  nextJob,
  NO_JOB,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const QUOTA = { reason: 'quota-exhausted', detail: 'until noon', resumeAt: 99 } as const
const MINUTE = 60_000
const KEEPING = { locks: ['a'], limits: Limits.parse({ pausedLocksMs: MINUTE }) }

export function pauseAndCancelConformance(open: OpenLedger): void {
  describe('pause and resume', () => {
    it('a paused job has no lease, and waits until it is resumed', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      const fence = await claimed(ledger)
      const paused = await ledger.pause(fence, QUOTA, null)
      expect(paused).toMatchObject({ state: 'paused', ...QUOTA, leaseUntil: null, failures: 0 })
      expect(await nextJob(ledger)).toBeNull()

      const resumed = await ledger.resume(jobId, 'ada')
      expect(resumed).toMatchObject({ state: 'queued', reason: 'resumed', resumeAt: null })
      expect(await claimed(ledger)).toEqual({ jobId, attempt: 2 })
    })

    it('a repeated pause gives the same answer; another worker’s is refused', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const paused = await ledger.pause(fence, QUOTA, null)
      expect(await ledger.pause(fence, QUOTA, null)).toEqual(paused)
      expect(await refusal(ledger.settle(fence, SUCCEEDED, null))).toBe('lease-lost')
    })

    it('a paused job keeps its lock keys for a while, resumed or not', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger, KEEPING)
      await ledger.pause(await claimed(ledger), QUOTA, null)
      const other = await submitted(ledger, { locks: ['a'], priority: 9 })

      advance(MINUTE - 1)
      expect(await ledger.tidyLocks(10)).toBe(0)
      expect(await nextJob(ledger)).toBeNull()
      advance(1)
      expect(await ledger.tidyLocks(10)).toBe(1)
      expect(await nextJob(ledger)).toBe(other)
    })

    it('several jobs that have kept their keys long enough each release their own', async () => {
      const { ledger, advance } = await open()
      for (const key of ['a', 'b']) {
        await submitted(ledger, { ...KEEPING, locks: [key] })
        await ledger.pause(await claimed(ledger), QUOTA, null)
      }
      advance(MINUTE)
      expect(await ledger.tidyLocks(10)).toBe(2)
      const other = await submitted(ledger, { locks: ['a', 'b'] })
      expect(await nextJob(ledger)).toBe(other)
    })

    it('a resumed job goes before those that wait for its keys', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger, KEEPING)
      await ledger.pause(await claimed(ledger), QUOTA, null)
      const other = await submitted(ledger, { locks: ['a'], priority: 9 })
      await ledger.resume(jobId, 'ada')

      const fence = await claimed(ledger)
      expect(fence.jobId).toBe(jobId)
      await ledger.settle(fence, SUCCEEDED, null)
      expect(await nextJob(ledger)).toBe(other)
    })

    it('a job resumed after it lost its keys must wait for them like any other', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger, KEEPING)
      await ledger.pause(await claimed(ledger), QUOTA, null)
      await submitted(ledger, { locks: ['a'] })
      advance(MINUTE)
      await ledger.tidyLocks(10)
      const other = await claimed(ledger)

      await ledger.resume(jobId, 'ada')
      expect(await nextJob(ledger)).toBeNull()
      expect(await ledger.job(jobId)).toMatchObject({ parkedOn: 'a' })
      await ledger.settle(other, SUCCEEDED, null)
      expect(await nextJob(ledger)).toBe(jobId)
    })

    it('a job that is paused until a time is resumed then, once', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger)
      const { createdAt } = await ledger.job(jobId)
      const until = (minutes: number) => ({ ...QUOTA, resumeAt: createdAt + minutes * MINUTE })
      await ledger.pause(await claimed(ledger), until(10), null)
      const later = await submitted(ledger)
      await ledger.pause(await claimed(ledger), until(20), null)
      const forEver = await submitted(ledger)
      await ledger.pause(await claimed(ledger), { reason: 'waiting-for-person', detail: '' }, null)

      advance(10 * MINUTE - 1)
      expect(await ledger.resumeDue(10)).toBe(0)
      advance(1)
      expect(await ledger.resumeDue(10)).toBe(1)
      expect(await ledger.resumeDue(10)).toBe(0)

      expect(await ledger.job(jobId)).toMatchObject({ state: 'queued', resumeAt: null })
      expect(await eventTypes(ledger, jobId)).toEqual(['submitted', 'claimed', 'paused', 'resumed'])
      expect(await ledger.job(later)).toMatchObject({ state: 'paused' })
      expect(await ledger.job(forEver)).toMatchObject({ state: 'paused' })
    })

    it('a limited number is resumed at a time, those due longest first', async () => {
      const { ledger, advance } = await open()
      const ids = []
      for (const minutes of [3, 1, 2]) {
        const id = await submitted(ledger)
        const { createdAt } = await ledger.job(id)
        const resumeAt = createdAt + minutes * MINUTE
        await ledger.pause(await claimed(ledger), { ...QUOTA, resumeAt }, null)
        ids.push(id)
      }
      advance(5 * MINUTE)
      expect(await ledger.resumeDue(2)).toBe(2)
      expect((await ledger.job(ids[0]!)).state).toBe('paused')
      expect(await ledger.resumeDue(2)).toBe(1)
    })

    it('a cancelled job is never resumed', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger)
      await ledger.pause(await claimed(ledger), QUOTA, null)
      await ledger.requestCancel(jobId, 'ada')
      advance(MINUTE)
      expect(await ledger.resumeDue(10)).toBe(0)
      expect((await ledger.job(jobId)).state).toBe('cancelled')
    })

    it('a job that has been leased a hundred times cannot be paused', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      for (let attempt = 1; attempt <= 100; attempt += 1) {
        await ledger.pause(await claimed(ledger), QUOTA, null)
        if (attempt < 100) await ledger.resume(jobId, 'ada')
      }
      expect(await ledger.job(jobId)).toMatchObject({ state: 'failed', attempt: 100 })
      expect((await ledger.job(jobId)).reason).toBe('attempts-exhausted')
    })

    it('only a paused job can be resumed', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      expect(await refusal(ledger.resume(jobId, 'ada'))).toBe('job-not-paused')
      expect(await refusal(ledger.resume(NO_JOB, 'ada'))).toBe('job-not-found')
    })
  })

  describe('cancel', () => {
    it('a queued job is cancelled at once, and twice gives the same answer', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      const job = await ledger.requestCancel(jobId, 'ada')
      expect(job).toMatchObject({ state: 'cancelled', reason: 'cancelled-by-request' })
      expect(await ledger.requestCancel(jobId, 'bob')).toEqual(job)
      expect(await eventTypes(ledger, jobId)).toEqual(['submitted', 'cancel-requested', 'ended'])
      expect(await nextJob(ledger)).toBeNull()
    })

    it('a paused job is cancelled at once and frees its lock keys', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger, KEEPING)
      await ledger.pause(await claimed(ledger), QUOTA, null)
      const other = await submitted(ledger, { locks: ['a'] })
      expect(await ledger.requestCancel(jobId, 'ada')).toMatchObject({ state: 'cancelled' })
      expect(await nextJob(ledger)).toBe(other)
    })

    it('a running job learns of it at its next renewal', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      expect(await ledger.renew(fence, LEASE_MS)).toEqual({
        leaseMs: LEASE_MS,
        cancelRequested: false,
      })
      const job = await ledger.requestCancel(fence.jobId, 'ada')
      expect(job).toMatchObject({
        state: 'running',
        cancelRequestedAt: job.createdAt,
        cancelRequestedBy: 'ada',
      })
      expect(await ledger.requestCancel(fence.jobId, 'bob')).toEqual(job)
      expect(await ledger.renew(fence, LEASE_MS)).toMatchObject({ cancelRequested: true })
    })

    it('an ended job cannot be cancelled', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.settle(fence, SUCCEEDED, null)
      expect(await refusal(ledger.requestCancel(fence.jobId, 'ada'))).toBe('job-terminal')
      expect(await refusal(ledger.requestCancel(NO_JOB, 'ada'))).toBe('job-not-found')
    })

    it.each([
      ['settled as failed', 'cancelled', 'settle'],
      ['paused', 'cancelled', 'pause'],
      ['handed back', 'cancelled', 'handBack'],
      ['expired', 'cancelled', 'expire'],
    ] as const)('a job cancelled and then %s ends %s', async (_how, state, end) => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.requestCancel(fence.jobId, 'ada')
      if (end === 'settle') await ledger.settle(fence, FAILED, null)
      if (end === 'pause') await ledger.pause(fence, QUOTA, null)
      if (end === 'handBack') await ledger.handBack(fence)
      if (end === 'expire') advance(LEASE_MS)
      await ledger.expire(10)
      expect(await ledger.job(fence.jobId)).toMatchObject({ state, attempt: 1 })
      expect(await nextJob(ledger)).toBeNull()
    })

    it('a job cancelled too late has succeeded', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.requestCancel(fence.jobId, 'ada')
      const job = await ledger.settle(fence, SUCCEEDED, null)
      expect(job).toMatchObject({ state: 'succeeded', reason: 'cancelled-too-late' })
      expect(await refusal(ledger.settle(fence, CANCELLED, null))).toBe('job-terminal')
    })
  })
}
