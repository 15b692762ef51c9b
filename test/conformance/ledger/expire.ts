import { describe, expect, it } from 'vitest'
import { RetryPolicy } from '../../../src/domain/retry.ts'
import {
  claimed,
  FAILED,
  refusal,
  LEASE_MS,
  nextJob,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

export function expireConformance(open: OpenLedger): void {
  describe('expire', () => {
    it('an attempt expires when its lease runs out, not before', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger)
      await claimed(ledger)
      advance(LEASE_MS - 1)
      expect(await ledger.expire(10)).toBe(0)
      advance(1)
      expect(await ledger.expire(10)).toBe(1)
      expect(await ledger.job(jobId)).toMatchObject({
        state: 'queued',
        reason: 'worker-lost',
        leaseUntil: null,
      })
      expect(await claimed(ledger)).toEqual({ jobId, attempt: 2 })
    })

    it('a renewal keeps the attempt alive for the length it asks for', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      advance(LEASE_MS - 1)
      await ledger.renew(fence, 2 * LEASE_MS)
      advance(2 * LEASE_MS - 1)
      expect(await ledger.expire(10)).toBe(0)
    })

    it('a worker lost before its agent started costs no failure', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger, { retry: RetryPolicy.parse({ maxFailures: 1 }) })
      await claimed(ledger)
      advance(LEASE_MS)
      await ledger.expire(10)
      expect(await ledger.job(jobId)).toMatchObject({ state: 'queued', failures: 0 })
    })

    it('a worker lost after its agent started costs a failure', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger, { retry: RetryPolicy.parse({ maxFailures: 1 }) })
      const fence = await claimed(ledger)
      await ledger.appendEvents(fence, 1, [{ type: 'agent-started', agent: 'codex' }])
      advance(LEASE_MS)
      await ledger.expire(10)
      const job = await ledger.job(jobId)
      expect(job).toMatchObject({ state: 'failed', failures: 1, reason: 'worker-lost' })
    })

    it('a worker lost before its agent started costs a failure when the policy says so', async () => {
      const { ledger, advance } = await open()
      const retry = RetryPolicy.parse({ maxFailures: 1, countEarlyExpiry: true })
      const jobId = await submitted(ledger, { retry })
      await claimed(ledger)
      advance(LEASE_MS)
      await ledger.expire(10)
      expect(await ledger.job(jobId)).toMatchObject({ state: 'failed', failures: 1 })
    })

    it('backoff after a lost worker follows its own policy, backoff after a failure the usual one', async () => {
      const { ledger, advance } = await open()
      const retry = RetryPolicy.parse({ firstDelayMs: 2000, expiryDelayMs: 7000 })
      const jobId = await submitted(ledger, { retry })
      const first = await claimed(ledger)
      const { createdAt } = await ledger.job(jobId)
      const failed = await ledger.settle(first, FAILED, null)
      expect(failed).toMatchObject({ failures: 1, notBefore: createdAt + 2000 })
      advance(2000)
      await claimed(ledger)
      advance(LEASE_MS)
      await ledger.expire(10)
      const notBefore = createdAt + 2000 + LEASE_MS + 7000
      expect(await ledger.job(jobId)).toMatchObject({ failures: 1, notBefore })
      advance(7000)
      expect(await nextJob(ledger)).toBe(jobId)
    })

    it('an expired attempt frees its lock keys', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger, { locks: ['a'] })
      await claimed(ledger)
      const other = await submitted(ledger, { locks: ['a'], priority: 1 })
      advance(LEASE_MS)
      await ledger.expire(10)
      expect(await nextJob(ledger)).toBe(other)
    })

    it('one sweep ends at most as many attempts as its limit', async () => {
      const { ledger, advance } = await open()
      for (let count = 0; count < 5; count += 1) {
        await submitted(ledger)
        await claimed(ledger)
      }
      advance(LEASE_MS)
      expect(await ledger.expire(3)).toBe(3)
      expect(await ledger.expire(3)).toBe(2)
      expect(await ledger.expire(3)).toBe(0)
    })

    it('a handed-back job is requeued without a failure, and a repeat gives the same answer', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const job = await ledger.handBack(fence)
      expect(job).toMatchObject({ state: 'queued', reason: 'handed-back', failures: 0 })
      expect(await ledger.handBack(fence)).toEqual(job)
      expect(await refusal(ledger.settle(fence, SUCCEEDED, null))).toBe('lease-lost')
    })

    it('an abandoned attempt ends like an expired one, without waiting for its lease', async () => {
      const { ledger } = await open()
      const retry = RetryPolicy.parse({ maxFailures: 2, expiryDelayMs: 0 })
      const jobId = await submitted(ledger, { locks: ['a'], retry })
      const first = await claimed(ledger)
      const early = await ledger.abandon(first)
      expect(early).toMatchObject({ state: 'queued', reason: 'worker-lost', failures: 0 })
      expect(early.detail).toBe('Worker anvil was restarted during attempt 1.')
      const second = await claimed(ledger)
      expect(second).toEqual({ jobId, attempt: 2 })
      await ledger.appendEvents(second, 1, [{ type: 'agent-started', agent: 'codex' }])
      expect(await ledger.abandon(second)).toMatchObject({ state: 'queued', failures: 1 })
    })

    it('an abandoned attempt whose job was cancelled ends the job', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.requestCancel(jobId, 'ada')
      expect(await ledger.abandon(fence)).toMatchObject({
        state: 'cancelled',
        reason: 'cancelled-by-request',
      })
    })

    it('abandoning an attempt again gives the same answer, and a later attempt is not touched', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      const first = await claimed(ledger)
      await ledger.abandon(first)
      expect(await refusal(ledger.settle(first, SUCCEEDED, null))).toBe('lease-lost')
      const second = await claimed(ledger)
      const events = (await ledger.events(jobId, 0, 100)).length
      expect(await ledger.abandon(first)).toMatchObject({ state: 'running', attempt: 2 })
      expect(await ledger.events(jobId, 0, 100)).toHaveLength(events)
      await ledger.renew(second, LEASE_MS)
    })

    it('an attempt whose lease has expired cannot be abandoned', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      advance(LEASE_MS)
      await ledger.expire(10)
      expect(await refusal(ledger.abandon(fence))).toBe('lease-lost')
    })
  })
}
