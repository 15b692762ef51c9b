import { describe, expect, it } from 'vitest'
import { RetryPolicy } from '../../../src/domain/retry.ts'
import { Usage } from '../../../src/domain/outcome.ts'
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

export function settleConformance(open: OpenLedger): void {
  describe('settle', () => {
    it('a success ends the job with its publication, summary and usage', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const publication = {
        kind: 'branch',
        target: 'https://git.example/a#fix',
        revision: 'a'.repeat(40),
      }
      const usage = Usage.parse({ requests: 2, inputTokens: 10 })
      const settlement = {
        ...SUCCEEDED,
        reason: 'published',
        publication,
        summary: 'done',
      } as const
      const job = await ledger.settle(fence, settlement, usage)

      expect(job).toMatchObject({ state: 'succeeded', reason: 'published', publication, usage })
      expect(job).toMatchObject({ summary: 'done', leaseUntil: null, worker: null, step: null })
      expect(job.endedAt).toBe(job.createdAt)
      expect(await ledger.attempt(fence.jobId, 1)).toMatchObject({ endedAt: job.createdAt })
    })

    it('the same settlement again gives the same answer and tells nothing new', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const first = await ledger.settle(fence, SUCCEEDED, null)
      const told = await eventTypes(ledger, fence.jobId)
      expect(await ledger.settle(fence, { ...SUCCEEDED }, null)).toEqual(first)
      expect(await eventTypes(ledger, fence.jobId)).toEqual(told)
    })

    it('another settlement after the end is refused', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.settle(fence, SUCCEEDED, null)
      expect(await refusal(ledger.settle(fence, FAILED, null))).toBe('job-terminal')
    })

    it('a stale worker is refused and changes nothing', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger)
      const stale = await claimed(ledger)
      advance(LEASE_MS)
      await ledger.expire(10)
      await claimed(ledger)
      const before = await ledger.job(jobId)

      expect(await refusal(ledger.settle(stale, SUCCEEDED, null))).toBe('lease-lost')
      expect(await refusal(ledger.renew(stale, LEASE_MS))).toBe('lease-lost')
      expect(await refusal(ledger.handBack(stale))).toBe('lease-lost')
      expect(await refusal(ledger.checkpoint(stale, { step: 's', product: {} }))).toBe('lease-lost')
      expect(await refusal(ledger.appendEvents(stale, 1, []))).toBe('lease-lost')
      expect(await ledger.job(jobId)).toEqual(before)
    })

    it('an attempt that does not exist is refused', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      await claimed(ledger)
      expect(await refusal(ledger.settle({ jobId, attempt: 2 }, SUCCEEDED, null))).toBe(
        'lease-lost',
      )
      const nowhere = { jobId: NO_JOB, attempt: 1 }
      expect(await refusal(ledger.settle(nowhere, SUCCEEDED, null))).toBe('job-not-found')
    })

    it('work finished after the lease expired counts until a sweep ends the attempt', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      advance(LEASE_MS * 3)
      expect(await ledger.settle(fence, SUCCEEDED, null)).toMatchObject({ state: 'succeeded' })
      expect(await ledger.expire(10)).toBe(0)
    })

    it('a first failure is retried at once, a second after a backoff', async () => {
      const { ledger, advance } = await open()
      const retry = RetryPolicy.parse({ delayMs: 5000 })
      const jobId = await submitted(ledger, { retry })
      const once = await ledger.settle(await claimed(ledger), FAILED, null)
      expect(once).toMatchObject({ state: 'queued', reason: 'agent-failed', detail: 'exit 1' })
      expect(once).toMatchObject({ failures: 1, notBefore: null })

      const twice = await ledger.settle(await claimed(ledger), FAILED, null)
      expect(twice).toMatchObject({ failures: 2, notBefore: twice.createdAt + 5000 })
      advance(4999)
      expect(await nextJob(ledger)).toBeNull()
      advance(1)
      expect(await nextJob(ledger)).toBe(jobId)
    })

    it('a failed settlement repeated after the requeue does not fail the job twice', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.settle(fence, FAILED, null)
      expect(await ledger.settle(fence, FAILED, null)).toMatchObject({ failures: 1 })
    })

    it('when retries are exhausted, the detail names the last failure', async () => {
      const { ledger } = await open()
      await submitted(ledger, { retry: RetryPolicy.parse({ maxFailures: 2 }) })
      await ledger.settle(await claimed(ledger), FAILED, null)
      const job = await ledger.settle(await claimed(ledger), FAILED, null)
      expect(job).toMatchObject({ state: 'failed', reason: 'attempts-exhausted', failures: 2 })
      expect(job.detail).toBe('agent-failed: exit 1')
    })

    it('a failure that a retry cannot fix ends the job', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const settlement = { ...FAILED, reason: 'repository-not-found' } as const
      const job = await ledger.settle(await claimed(ledger), settlement, null)
      expect(job).toMatchObject({ state: 'failed', reason: 'repository-not-found', failures: 1 })
    })

    it('cancelled is accepted only after a request to cancel', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      expect(await refusal(ledger.settle(fence, CANCELLED, null))).toBe('cancel-not-requested')
      expect(await ledger.job(fence.jobId)).toMatchObject({ state: 'running' })
      await ledger.requestCancel(fence.jobId, 'ada')
      expect(await ledger.settle(fence, CANCELLED, null)).toMatchObject({ state: 'cancelled' })
    })

    it('usage is the sum over the job’s attempts; an attempt without model requests adds nothing', async () => {
      const { ledger, advance } = await open()
      const used = Usage.parse({ requests: 2, inputTokens: 10, costUsd: 0.5, models: ['m'] })
      await submitted(ledger)
      await ledger.settle(await claimed(ledger), SUCCEEDED, used)

      const jobId = await submitted(ledger, { retry: RetryPolicy.parse({ maxFailures: 9 }) })
      const again = async (usage: Usage | null) => {
        advance(LEASE_MS)
        const fence = await claimed(ledger)
        if (usage !== null) await ledger.appendEvents(fence, 1, [{ type: 'usage', usage }])
        return (await ledger.settle(fence, FAILED, usage)).usage
      }
      expect(await again(null)).toBeNull()
      expect(await again(Usage.parse({}))).toEqual(Usage.parse({}))
      expect(await again(used)).toEqual(used)
      expect(await again(Usage.parse({}))).toEqual(used)
      const sum = { ...used, requests: 4, inputTokens: 20, costUsd: 1 }
      expect(await again(used)).toEqual(sum)
      expect((await ledger.job(jobId)).usage).toEqual(sum)
    })
  })
}
