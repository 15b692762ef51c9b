import { describe, expect, it } from 'vitest'
import type { JobId } from '../../../src/domain/id.ts'
import type { DeliveryEnd } from '../../../src/ledger/delivery-rows.ts'
import type { Cutoffs, Ledger, NewJob } from '../../../src/ledger/port.ts'
import {
  claimed,
  FAILED,
  LEASE_MS,
  NO_JOB,
  type OpenLedger,
  refusal,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const DAY_MS = 86_400_000
const NOTHING = { jobs: 0, tokens: 0, workers: 0 }
const upTo = (moment: number): Cutoffs => ({ jobs: moment, uploads: moment })

/** A job that has succeeded, with one artifact of these bytes. */
async function ended(
  ledger: Ledger,
  { digest = 'd', ...differences }: Partial<NewJob> & { readonly digest?: string } = {},
): Promise<JobId> {
  await submitted(ledger, differences)
  const fence = await claimed(ledger)
  const artifact = { name: 'change.patch', digest, size: 1, mediaType: 'text/plain' }
  await ledger.addArtifact({ ...fence, ...artifact })
  await ledger.settle(fence, SUCCEEDED, null)
  return fence.jobId
}

const endedAt = async (ledger: Ledger, jobId: JobId): Promise<number> =>
  (await ledger.job(jobId)).endedAt ?? Number.NaN

export function forgettingConformance(open: OpenLedger): void {
  describe('forgetting', () => {
    it('deletes jobs that ended before a time with all their rows, and no others', async () => {
      const { ledger, advance } = await open()
      const old = await ended(ledger, { idempotencyKey: 'once' })
      advance(DAY_MS)
      const young = await ended(ledger)
      const at = await endedAt(ledger, young)

      expect(await ledger.unneeded(at)).toMatchObject({ jobs: 1 })
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 1 })
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 0 })

      expect(await refusal(ledger.job(old))).toBe('job-not-found')
      expect(await refusal(ledger.events(old, 0, 10))).toBe('job-not-found')
      expect(await ledger.attempt(old, 1)).toBeNull()
      expect(await ledger.job(young)).toMatchObject({ state: 'succeeded' })
      expect(await ledger.counts()).toEqual([{ kind: 'code', state: 'succeeded', jobs: 1 }])
      // Its idempotency key may be used again for another request.
      await submitted(ledger, { idempotencyKey: 'once', requestDigest: 'other' })
    })

    it('deletes the jobs that ended first when there are more than the limit', async () => {
      const { ledger, advance } = await open()
      const ids: JobId[] = []
      for (let count = 0; count < 3; count += 1) {
        ids.push(await ended(ledger))
        advance(1000)
      }
      const at = (await endedAt(ledger, ids[2]!)) + 1
      expect(await ledger.forget(at, 2)).toMatchObject({ jobs: 2 })
      expect([...(await ledger.endings(ids)).keys()]).toEqual([ids[2]])
    })

    it('never deletes an unfinished job, however old', async () => {
      const { ledger, advance } = await open()
      const running = (await submitted(ledger), await claimed(ledger))
      const queued = await submitted(ledger)
      advance(400 * DAY_MS)
      expect(await ledger.forget(Number.MAX_SAFE_INTEGER, 10)).toMatchObject({ jobs: 0 })
      expect(await ledger.endings([])).toEqual(new Map())
      expect(await ledger.endings([running.jobId, queued, NO_JOB])).toEqual(
        new Map([
          [running.jobId, null],
          [queued, null],
        ]),
      )
    })

    it('keeps a job as long as an unfinished one continues it', async () => {
      const { ledger, advance } = await open()
      const first = await ended(ledger)
      const follower = await submitted(ledger, { retryOf: first })
      advance(DAY_MS)
      const at = (await endedAt(ledger, first)) + 1
      expect(await ledger.unneeded(at)).toMatchObject({ jobs: 0 })
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 0 })

      const fence = await claimed(ledger)
      expect(fence.jobId).toBe(follower)
      await ledger.settle(fence, FAILED, null)
      const again = await claimed(ledger)
      await ledger.settle(again, SUCCEEDED, null)

      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 1 })
      expect(await ledger.job(follower)).toMatchObject({ state: 'succeeded', retryOf: null })
    })

    it('keeps a chain of jobs as long as the last one is unfinished', async () => {
      const { ledger, advance } = await open()
      const first = await ended(ledger)
      await submitted(ledger, { retryOf: first })
      const { jobId: second, ...fence } = await claimed(ledger)
      await ledger.settle({ jobId: second, ...fence }, SUCCEEDED, null)
      await submitted(ledger, { retryOf: second })
      const last = await claimed(ledger)
      advance(DAY_MS)
      const at = (await endedAt(ledger, second)) + 1

      expect(await ledger.unneeded(at)).toMatchObject({ jobs: 0 })
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 0 })
      await ledger.settle(last, SUCCEEDED, null)
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 2 })
    })

    it('a pending callback keeps only its own job', async () => {
      const { ledger } = await open()
      const callbacks = [{ url: 'https://hooks.example/', events: ['ended' as const] }]
      const told = await ended(ledger, { callbacks })
      const other = await ended(ledger, {})
      const at = (await endedAt(ledger, other)) + 1
      expect(await ledger.unneeded(at)).toMatchObject({ jobs: 1 })
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 1 })
      expect(await ledger.job(told)).toMatchObject({ id: told })
    })

    it('keeps a job as long as one of its callbacks is pending', async () => {
      const { ledger, advance } = await open()
      const callbacks = [{ url: 'https://hooks.example/', events: ['ended' as const] }]
      const told = await ended(ledger, { callbacks })
      const at = (await endedAt(ledger, told)) + 1
      const isKept = async () => {
        expect(await ledger.unneeded(at)).toMatchObject({ jobs: 0 })
        expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 0 })
        expect(await ledger.referenced(['d'], upTo(at))).toEqual(new Set(['d']))
      }
      const send = async (next: DeliveryEnd['next']) => {
        const delivery = await ledger.takeDelivery(1000, [])
        if (delivery === null) throw new Error('no delivery is due')
        await isKept()
        const sent = { kind: 'unanswered', error: 'ECONNREFUSED' } as const
        await ledger.markDelivery(delivery, { sent, next })
        return delivery.id
      }
      await isKept()
      const id = await send({ state: 'pending', delayMs: DAY_MS })
      await isKept()
      advance(DAY_MS)
      await send({ state: 'failed' })
      expect(await ledger.unneeded(at)).toMatchObject({ jobs: 1 })
      await ledger.resendDelivery(id)
      await send({ state: 'delivered' })

      expect(await ledger.referenced(['d'], upTo(at))).toEqual(new Set())
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 1 })
      expect(await refusal(ledger.resendDelivery(id))).toBe('delivery-not-found')
    })

    it('knows which artifacts are referenced now and afterwards', async () => {
      const { ledger, advance } = await open()
      const old = await ended(ledger, { digest: 'old' })
      await ended(ledger, { digest: 'shared' })
      const at = (await endedAt(ledger, old)) + 1
      advance(DAY_MS)
      await ended(ledger, { digest: 'shared' })

      const digests = ['old', 'shared', 'unknown']
      expect(await ledger.referenced(digests, null)).toEqual(new Set(['old', 'shared']))
      expect(await ledger.referenced(digests, upTo(at))).toEqual(new Set(['shared']))
      expect(await ledger.referenced([], null)).toEqual(new Set())
      await ledger.forget(at, 10)
      expect(await ledger.referenced(digests, null)).toEqual(new Set(['shared']))
    })

    it('knows that an unfinished job needs its artifacts, however old they are', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const artifact = { name: 'n', digest: 'd', size: 1, mediaType: 'text/plain' }
      await ledger.addArtifact({ ...fence, ...artifact })
      const { createdAt } = await ledger.job(fence.jobId)
      advance(DAY_MS)
      expect(await ledger.referenced(['d'], upTo(createdAt + DAY_MS))).toEqual(new Set(['d']))
    })

    it('deletes tokens that ended long ago, and no valid one', async () => {
      const { ledger, advance } = await open()
      const token = (id: string, expiresAt: number | null) =>
        ledger.createToken({ id, name: id, scopes: ['admin'], lanes: null, expiresAt, hash: id })
      const now = (await ledger.job(await submitted(ledger))).createdAt
      await token('for-ever', null)
      await token('expires', now + 1000)
      await token('revoked', null)
      await token('still-valid', now + 10 * DAY_MS)
      await ledger.revokeToken('revoked')
      advance(DAY_MS)

      expect(await ledger.unneeded(now)).toEqual(NOTHING)
      expect(await ledger.forget(now + DAY_MS, 10)).toMatchObject({ tokens: 2 })
      const left = (await ledger.tokens()).map(({ id }) => id).toSorted()
      expect(left).toEqual(['for-ever', 'still-valid'])
    })

    it('deletes workers not seen for long, unless they run an attempt', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const now = (await ledger.job(await submitted(ledger))).createdAt
      await ended(ledger, { priority: 9 })
      const busy = await claimed(ledger, { name: 'busy' })
      advance(LEASE_MS / 2)
      await ledger.renew(busy, LEASE_MS)
      expect(await ledger.forget(now, 10)).toMatchObject({ workers: 0 })
      expect(await ledger.forget(now + LEASE_MS, 10)).toMatchObject({ workers: 1 })
      expect((await ledger.workers()).map(({ name }) => name)).toEqual(['busy'])
    })
  })
}
