import { describe, expect, it } from 'vitest'
import type { Callback, Sent } from '../../../src/domain/callback.ts'
import { JobId } from '../../../src/domain/id.ts'
import type { DeliveryEnd, DeliveryPage } from '../../../src/ledger/delivery-rows.ts'
import type { Ledger } from '../../../src/ledger/port.ts'
import {
  aJob,
  claimed,
  FAILED,
  NO_JOB,
  type OpenLedger,
  refusal,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const TRY_MS = 15_000
const PAGE: DeliveryPage = { jobId: null, states: null, after: null, limit: 100 }
const OK: Sent = { kind: 'answered', status: 204, retryAfterMs: null }
const DONE: DeliveryEnd = { sent: OK, next: { state: 'delivered' } }
const LOST: Sent = { kind: 'unanswered', error: 'ECONNREFUSED' }

const to = (host: string, ...events: Callback['events']): Callback => ({
  url: `https://${host}.example/`,
  events: events.length === 0 ? ['ended'] : events,
})

/** The outbox of a job: sequence number, event and host of each delivery. */
const told = async (ledger: Ledger, jobId: JobId) =>
  (await ledger.deliveries({ ...PAGE, jobId }))
    .toReversed()
    .map(({ event, url, seq }) => `${seq} ${event} ${new URL(url).hostname}`)

async function taken(ledger: Ledger) {
  const delivery = await ledger.takeDelivery(TRY_MS, [])
  if (delivery === null) throw new Error('no delivery is due')
  return delivery
}

/** A job that has ended, with one callback. */
async function ended(ledger: Ledger, ...callbacks: readonly Callback[]): Promise<JobId> {
  const all = callbacks.length === 0 ? [to('a')] : [...callbacks]
  const jobId = await submitted(ledger, { callbacks: all })
  await ledger.settle(await claimed(ledger), SUCCEEDED, null)
  return jobId
}

export function callbacksConformance(open: OpenLedger): void {
  describe('the outbox', () => {
    it('holds a message for each callback that asked for the event, and none before its cause', async () => {
      const { ledger } = await open()
      const callbacks = [to('a'), to('b', 'claimed', 'requeued', 'paused', 'resumed', 'ended')]
      const jobId = await submitted(ledger, { callbacks })
      expect(await told(ledger, jobId)).toEqual([])

      await ledger.settle(await claimed(ledger), FAILED, null)
      const paused = await claimed(ledger)
      await ledger.pause(paused, { reason: 'waiting-for-person', detail: '' }, null)
      await ledger.resume(jobId, 'ada')
      await ledger.settle(await claimed(ledger), SUCCEEDED, null)

      expect(await told(ledger, jobId)).toEqual([
        '2 claimed b.example',
        '3 requeued b.example',
        '4 claimed b.example',
        '5 paused b.example',
        '6 resumed b.example',
        '7 claimed b.example',
        '8 ended a.example',
        '8 ended b.example',
      ])
    })

    it('holds nothing for a change that was refused or a repeat', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger, { callbacks: [to('a')] })
      const fence = await claimed(ledger)
      await ledger.settle(fence, SUCCEEDED, null)
      await ledger.settle(fence, SUCCEEDED, null)
      expect(await refusal(ledger.settle(fence, FAILED, null))).toBe('job-terminal')
      expect(await told(ledger, jobId)).toEqual(['3 ended a.example'])
    })

    it('describes the job as it was at the event', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger, { callbacks: [to('a', 'claimed', 'ended')] })
      await ledger.settle(await claimed(ledger), SUCCEEDED, null)
      const first: unknown = JSON.parse((await taken(ledger)).body)
      const second: unknown = JSON.parse((await taken(ledger)).body)
      const job = { id: jobId, title: 'Fix the test', attempt: 1 }
      expect([first, second]).toMatchObject([
        { type: 'job.claimed', data: { seq: 2, job: { ...job, state: 'running', endedAt: null } } },
        { type: 'job.ended', data: { seq: 3, job: { ...job, state: 'succeeded' } } },
      ])
      expect(JSON.stringify(second)).not.toContain('payload')
    })

    it('gives each delivery to one taker, and again only after its lease', async () => {
      const { ledger, advance } = await open()
      await ended(ledger)
      const first = await taken(ledger)
      expect(first).toMatchObject({ tries: 1, url: 'https://a.example/' })
      expect(await ledger.takeDelivery(TRY_MS, [])).toBeNull()
      advance(TRY_MS)
      const again = await taken(ledger)
      expect(again).toMatchObject({ id: first.id, body: first.body, tries: 2 })

      expect(await ledger.markDelivery(first, DONE)).toBe(false)
      expect(await ledger.pendingDeliveries()).toBe(1)
      expect(await ledger.markDelivery(again, DONE)).toBe(true)
      expect(await ledger.pendingDeliveries()).toBe(0)
    })

    it('records the result of that delivery only', async () => {
      const { ledger } = await open()
      const jobId = await ended(ledger, to('a'), to('b'))
      const first = await taken(ledger)
      const second = await taken(ledger)
      expect(await ledger.markDelivery(first, DONE)).toBe(true)
      const rows = await ledger.deliveries({ ...PAGE, jobId })
      const states = Object.fromEntries(rows.map(({ id, state }) => [id, state]))
      expect(states).toEqual({ [first.id]: 'delivered', [second.id]: 'pending' })
    })

    it('gives none to an excluded host', async () => {
      const { ledger } = await open()
      await ended(ledger, to('a'), to('b'), to('c'))
      const other = await ledger.takeDelivery(TRY_MS, ['a.example', 'c.example'])
      expect(other).toMatchObject({ host: 'b.example' })
      expect(await ledger.takeDelivery(TRY_MS, ['a.example', 'c.example'])).toBeNull()
      expect(await ledger.takeDelivery(TRY_MS, ['c.example'])).toMatchObject({ host: 'a.example' })
    })

    it('gives concurrent takers different deliveries', async () => {
      const { ledger } = await open()
      await ended(ledger, ...Array.from({ length: 8 }, (_, index) => to(`host-${index}`)))
      const all = await Promise.all(
        Array.from({ length: 12 }, () => ledger.takeDelivery(TRY_MS, [])),
      )
      const ids = all.flatMap((delivery) => (delivery === null ? [] : [delivery.id]))
      expect(new Set(ids).size).toBe(ids.length)
      while (ids.length < 8) ids.push((await taken(ledger)).id)
      expect(new Set(ids).size).toBe(8)
    })

    it('retries after the delay, and not before', async () => {
      const { ledger, advance } = await open()
      const jobId = await ended(ledger)
      const next = { state: 'pending', delayMs: 5000 } as const
      await ledger.markDelivery(await taken(ledger), { sent: LOST, next })
      const [waiting] = await ledger.deliveries({ ...PAGE, jobId })
      expect(waiting).toMatchObject({ state: 'pending', tries: 1, error: 'ECONNREFUSED' })
      advance(4999)
      expect(await ledger.takeDelivery(TRY_MS, [])).toBeNull()
      advance(1)
      expect(await taken(ledger)).toMatchObject({ tries: 2 })
    })

    it('resends a delivered or failed message only on request, with the same id', async () => {
      const { ledger } = await open()
      const jobId = await ended(ledger)
      const { id, ...first } = await taken(ledger)
      await ledger.markDelivery({ id, ...first }, { sent: LOST, next: { state: 'failed' } })
      expect(await ledger.takeDelivery(TRY_MS, [])).toBeNull()
      expect(await ledger.deliveries({ ...PAGE, states: ['failed'] })).toMatchObject([
        { id, jobId },
      ])

      expect(await ledger.resendDelivery(id)).toMatchObject({ id, state: 'pending', tries: 0 })
      const again = await taken(ledger)
      expect(again).toMatchObject({ id, body: first.body, tries: 1 })
      await ledger.markDelivery(again, DONE)
      const [done] = await ledger.deliveries({ ...PAGE, jobId })
      expect(done).toMatchObject({ state: 'delivered', status: 204, error: null, nextAt: null })
    })

    it('pages through deliveries, newest job first, each once', async () => {
      const { ledger, advance } = await open()
      for (let jobs = 0; jobs < 3; jobs += 1) {
        advance(1)
        await ended(ledger, to('a'), to('b', 'claimed', 'ended'))
      }
      await ledger.markDelivery(await taken(ledger), DONE)
      const all = await ledger.deliveries(PAGE)
      const paged = []
      for (let after: string | null = null; ;) {
        const page = await ledger.deliveries({ ...PAGE, after, limit: 2 })
        paged.push(...page)
        if (page.length < 2) break
        after = page.at(-1)?.id ?? null
      }
      expect(all).toHaveLength(9)
      expect(paged).toEqual(all)
      const states = { ...PAGE, states: ['pending', 'failed'] as const }
      expect(await ledger.deliveries(states)).toHaveLength(8)
      const { jobId } = all[4]!
      const ofJob = await ledger.deliveries({ ...PAGE, jobId })
      expect(ofJob).toEqual(all.filter((delivery) => delivery.jobId === jobId))
    })

    it('pages in the order of submission, not of ids, and refuses an unknown cursor', async () => {
      const { ledger } = await open()
      const ids = ['ffffffff-ffff-4fff-8fff-ffffffffffff', '00000000-0000-4000-8000-000000000000']
      const jobs = ids.map((id) => JobId.parse(id))
      for (const id of jobs) await submitted(ledger, { id, callbacks: [to('a', 'claimed')] })
      for (const _ of jobs) await claimed(ledger)
      const page = { ...PAGE, limit: 1 }
      const orderOf = async (states: DeliveryPage['states']) => {
        const [first] = await ledger.deliveries({ ...page, states })
        const [second] = await ledger.deliveries({ ...page, states, after: first!.id })
        return [first?.jobId, second?.jobId]
      }
      expect(await orderOf(null)).toEqual(jobs.toReversed())
      expect(await orderOf(['pending', 'failed'])).toEqual(jobs.toReversed())
      expect(await refusal(ledger.deliveries({ ...page, after: 'msg_x' }))).toBe('cursor-invalid')
    })

    it('returns the callbacks of a job, and refuses unknown jobs and deliveries', async () => {
      const { ledger } = await open()
      const callbacks = [to('a'), to('b', 'paused', 'ended')]
      const { job } = await ledger.submit(aJob({ callbacks }))
      expect(await ledger.callbacks(job.id)).toEqual(callbacks)
      expect(await refusal(ledger.callbacks(NO_JOB))).toBe('job-not-found')
      expect(await refusal(ledger.resendDelivery('msg_x'))).toBe('delivery-not-found')
    })
  })
}
