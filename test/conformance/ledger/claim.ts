import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { JobId } from '../../../src/domain/id.ts'
import type { Fence } from '../../../src/domain/lease.ts'
import type { Settlement } from '../../../src/domain/outcome.ts'
import type { Ledger, NewJob } from '../../../src/ledger/port.ts'
import {
  aJob,
  aRequest,
  aWorker,
  claimed,
  LEASE_MS,
  nextJob,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

export function claimConformance(open: OpenLedger): void {
  describe('claim', () => {
    it('there is nothing to claim in an empty ledger', async () => {
      const { ledger } = await open()
      expect(await nextJob(ledger)).toBeNull()
    })

    it('a claim raises the attempt, starts the lease and shows who works', async () => {
      const { ledger } = await open()
      const { job } = await ledger.submit(aJob({ locks: ['site:a'] }))
      const lease = await ledger.claim(aRequest({ name: 'anvil', sandbox: 'none' }))

      expect(lease).toMatchObject({
        job: { id: job.id, kind: 'code', payload: job.payload, locks: ['site:a'] },
        attempt: 1,
        leaseMs: LEASE_MS,
        checkpoints: [],
        intents: [],
        ended: null,
        continues: null,
      })
      expect(await ledger.job(job.id)).toMatchObject({
        state: 'running',
        attempt: 1,
        worker: 'anvil',
        sandbox: 'none',
        leaseUntil: job.createdAt + LEASE_MS,
        startedAt: job.createdAt,
      })
    })

    it('the highest priority goes first, then first come', async () => {
      const { ledger } = await open()
      const second = await submitted(ledger, { priority: 1, labels: ['gpu'] })
      const third = await submitted(ledger, { priority: 1 })
      const last = await submitted(ledger, { priority: -5 })
      const first = await submitted(ledger, { priority: 7 })
      const gpu = { labels: ['gpu'] }
      const order = [await nextJob(ledger, gpu), await nextJob(ledger, gpu)]
      order.push(await nextJob(ledger, gpu), await nextJob(ledger, gpu))
      expect(order).toEqual([first, second, third, last])
    })

    it('a worker gets only kinds it serves and labels it offers', async () => {
      const { ledger } = await open()
      const gpu = await submitted(ledger, { labels: ['gpu', 'linux'], priority: 9 })
      const site = await submitted(ledger, { kind: 'site', priority: 5 })

      expect(await nextJob(ledger, { labels: ['gpu'] })).toBeNull()
      expect(await nextJob(ledger, { kinds: ['code', 'site'], labels: ['gpu'] })).toBe(site)
      expect(await nextJob(ledger, { labels: ['extra', 'gpu', 'linux'] })).toBe(gpu)
    })

    it('concurrent claims get different jobs', async () => {
      const { ledger } = await open()
      for (let count = 0; count < 20; count += 1) await submitted(ledger)
      const found = await Promise.all(Array.from({ length: 30 }, () => nextJob(ledger)))
      expect(new Set(found.filter((id) => id !== null)).size).toBe(20)
      expect(found.filter((id) => id === null)).toHaveLength(10)
    })

    it('the same request again gets the same attempt, with the new token', async () => {
      const { ledger, advance } = await open()
      const jobId = await submitted(ledger)
      await submitted(ledger)
      const request = aRequest()
      const first = await ledger.claim(request)
      advance(LEASE_MS / 2)
      const again = await ledger.claim({ ...request, tokenHash: 'hash-of-another' })

      expect(again).toEqual(first)
      expect(await ledger.attempt(jobId, 1)).toMatchObject({ tokenHash: 'hash-of-another' })
      advance(LEASE_MS - 1)
      expect(await ledger.expire(10)).toBe(0)
    })

    it('the same request after its attempt ended gets a new attempt', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const second = await submitted(ledger)
      const request = aRequest()
      const first = await ledger.claim(request)
      await ledger.settle({ jobId: first!.job.id, attempt: 1 }, SUCCEEDED, null)
      expect((await ledger.claim(request))?.job.id).toBe(second)
    })

    it('a request id of another worker does not give its attempt', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      const requestId = randomUUID()
      await ledger.claim(aRequest({}, { requestId, tokenHash: 'its-own' }))
      const thief = aRequest({}, { requestId, heldBy: 'other-token', tokenHash: 'stolen' })

      expect(await ledger.claim(thief)).toBeNull()
      expect(await ledger.attempt(jobId, 1)).toMatchObject({ tokenHash: 'its-own' })
    })

    it.each([
      ['another worker of the same token', { id: randomUUID() }, {}],
      ['the same worker with another token', {}, { heldBy: 'other-token' }],
      ['the same worker with another request', {}, { requestId: randomUUID() }],
    ])('%s claims afresh', async (_who, worker, request) => {
      const { ledger } = await open()
      const [first, second] = [await submitted(ledger), await submitted(ledger)]
      const asked = aRequest()
      expect((await ledger.claim(asked))?.job.id).toBe(first)
      const other = { ...asked, ...request, worker: { ...asked.worker, ...worker } }
      expect((await ledger.claim(other))?.job.id).toBe(second)
    })

    it('a polling worker is recorded every ten seconds, and at once when it changed', async () => {
      const { ledger, advance } = await open()
      const worker = aWorker()
      const seen = async (differences: Partial<typeof worker>) => {
        await nextJob(ledger, { ...worker, ...differences })
        const [row] = await ledger.workers()
        return { seenAt: row!.seenAt, name: row!.name }
      }
      const { seenAt, name } = await seen({})
      advance(9999)
      expect(await seen({})).toEqual({ seenAt, name })
      advance(1)
      expect(await seen({})).toEqual({ seenAt: seenAt + 10_000, name })
      advance(1)
      expect(await seen({ name: 'forge' })).toEqual({ seenAt: seenAt + 10_001, name: 'forge' })
    })

    it('an attempt remembers which token it was claimed with', async () => {
      const { ledger } = await open()
      const jobId = await submitted(ledger)
      const worker = aWorker()
      await ledger.claim({ ...aRequest(), worker, heldBy: 'token-7' })

      expect(await ledger.attempt(jobId, 1)).toEqual({
        jobId,
        attempt: 1,
        workerId: worker.id,
        bootId: worker.bootId,
        heldBy: 'token-7',
        tokenHash: 'hash-of-secret',
        endedAt: null,
      })
      expect(await ledger.attempt(jobId, 2)).toBeNull()
    })

    it('workers are listed with what they run and when they were seen', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const worker = aWorker({ name: 'forge' })
      const fence = await claimed(ledger, worker)
      const idle = aWorker({ name: 'idle' })
      const restrictedTo = ['kind:code']
      expect(await ledger.claim(aRequest(idle, { restrictedTo: ['kind:site'] }))).toBeNull()
      // Its token has changed.
      expect(await ledger.claim(aRequest(idle, { restrictedTo }))).toBeNull()
      advance(5000)
      await ledger.renew(fence, LEASE_MS)
      const { createdAt } = await ledger.job(fence.jobId)
      expect(await ledger.workers()).toEqual([
        { ...worker, restrictedTo: null, running: 1, seenAt: createdAt + 5000 },
        { ...idle, restrictedTo, running: 0, seenAt: createdAt },
      ])
    })

    it('a follow-up gets the session, artifacts and publication of the job it continues', async () => {
      const { ledger } = await open()
      const earlier = await submitted(ledger, { retry: { ...aJob().retry, delayMs: 0 } })
      const first = await claimed(ledger)
      await ledger.addArtifact({ ...first, ...artifact('patch', 'aa') })
      await ledger.addArtifact({ ...first, ...artifact('session', 'bb') })
      await ledger.appendEvents(first, 1, [{ type: 'agent-session', session: 's-1' }])
      await ledger.handBack(first)
      const second = await claimed(ledger)
      await ledger.addArtifact({ ...second, ...artifact('patch', 'cc') })
      await ledger.appendEvents(second, 1, [{ type: 'agent-session', session: 's-2' }])
      await ledger.settle(second, SUCCEEDED, null)
      const third = await thirdAttempt(ledger)
      await ledger.addArtifact({ ...third, ...artifact('patch', 'dd') })

      await submitted(ledger, { retryOf: earlier })
      expect((await ledger.claim(aRequest()))?.continues).toEqual({
        jobId: earlier,
        session: 's-2',
        title: 'Fix the test',
        ended: { reason: 'no-change', detail: '' },
        summary: null,
        artifacts: [
          { name: 'patch', digest: 'cc', size: 3, published: false },
          { name: 'session', digest: 'bb', size: 3, published: false },
        ],
        publication: null,
      })
    })

    it('a follow-up gets the newest work of a chain of jobs, up to the one that published', async () => {
      const { ledger } = await open()
      const before = await ended(ledger, {}, { before: 'a', patch: 'a' })
      const publication = { kind: 'branch', target: 'r#b', revision: 'c' }
      const published = { ...SUCCEEDED, publication }
      const first = await ended(
        ledger,
        { retryOf: before },
        { session: 's-1', patch: 'p-1', notes: 'n' },
        published,
      )
      const second = await ended(ledger, { retryOf: first }, { patch: 'p-2' })
      const third = await ended(ledger, { retryOf: second }, {})
      const last = await submitted(ledger, { retryOf: third })

      expect((await ledger.claim(aRequest()))?.continues).toMatchObject({
        jobId: third,
        session: 's-1',
        artifacts: [
          { name: 'notes', digest: 'n', size: 3, published: true },
          { name: 'patch', digest: 'p-2', size: 3, published: false },
          { name: 'session', digest: 's-1', size: 3, published: true },
        ],
        publication,
      })
      expect(await ledger.earlierArtifacts(last)).toMatchObject([
        { jobId: first, name: 'notes' },
        { jobId: second, name: 'patch' },
        { jobId: first, name: 'session' },
      ])
      expect(await ledger.earlierArtifacts(before)).toEqual([])
    })

    it('a follow-up gets the newest of each artifact, whether uploaded or salvaged', async () => {
      const { ledger } = await open()
      const earlier = await submitted(ledger, { retry: { ...aJob().retry, delayMs: 0 } })
      const first = await claimed(ledger)
      await ledger.addArtifact({ ...first, ...artifact('patch', 'aa') })
      await ledger.addArtifact({ ...first, ...artifact('session', 'bb') })
      await ledger.handBack(first)
      const second = await claimed(ledger)
      await ledger.settle(second, SUCCEEDED, null)
      await ledger.addArtifact({ ...second, ...artifact('salvage.patch', 'cc') })
      await ledger.addArtifact({ ...second, ...artifact('salvage.notes', 'dd') })
      await ledger.addArtifact({ ...second, ...artifact('notes', 'ee') })
      await ledger.addArtifact({ ...second, ...artifact('salvage.report', 'ff') })
      await ledger.addArtifact({ ...second, ...artifact('report', 'gg'), size: 0 })
      const next = await submitted(ledger, { retryOf: earlier })

      const fence = await ledger.claim(aRequest())

      const newest = [
        { name: 'notes', digest: 'ee' },
        { name: 'salvage.patch', digest: 'cc' },
        { name: 'salvage.report', digest: 'ff' },
        { name: 'session', digest: 'bb' },
      ]
      expect(fence?.continues?.artifacts).toMatchObject(newest)
      // Every name that an older claim may have sent can still be fetched.
      const names = (await ledger.earlierArtifacts(next)).map(({ name }) => name)
      const all = 'notes patch report salvage.notes salvage.patch salvage.report session'
      expect(names).toEqual(all.split(' '))
      expect(fence?.job.id).toBe(next)
    })

    it('a follow-up gets the salvaged work of the newest job of a chain', async () => {
      const { ledger } = await open()
      const first = await ended(ledger, {}, { patch: 'aa' })
      const second = await ended(ledger, { retryOf: first }, { 'salvage.patch': 'bb' })
      await submitted(ledger, { retryOf: second })
      expect((await ledger.claim(aRequest()))?.continues?.artifacts).toEqual([
        { name: 'salvage.patch', digest: 'bb', size: 3, published: false },
      ])
    })
  })
}

/** A job that has ended and kept artifacts with these digests; the one named `session` is a session. */
async function ended(
  ledger: Ledger,
  job: Partial<NewJob>,
  kept: Readonly<Record<string, string>>,
  settlement: Settlement = SUCCEEDED,
): Promise<JobId> {
  const id = await submitted(ledger, job)
  const fence = await claimed(ledger)
  for (const [name, digest] of Object.entries(kept)) {
    await ledger.addArtifact({ ...fence, ...artifact(name, digest) })
  }
  const { session } = kept
  if (session !== undefined) {
    await ledger.appendEvents(fence, 1, [{ type: 'agent-session', session }])
  }
  await ledger.settle(fence, settlement, null)
  return id
}

/** The id of some other job. */
async function thirdAttempt(ledger: Ledger): Promise<Fence> {
  await submitted(ledger)
  await ledger.handBack(await claimed(ledger))
  await ledger.handBack(await claimed(ledger))
  return claimed(ledger)
}

const artifact = (name: string, digest: string) => ({
  name,
  digest,
  size: 3,
  mediaType: 'text/plain',
})
