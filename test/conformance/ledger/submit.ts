import { describe, expect, it } from 'vitest'
import { JobId } from '../../../src/domain/id.ts'
import {
  aJob,
  claimed,
  eventTypes,
  nextJob,
  NO_JOB,
  type OpenLedger,
  refusal,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const ADA = { name: 'ada', tokenId: 'token-of-ada' }
/** UUIDs of version 4, and of version 1 in upper case, so that sorting by id differs from the order of submission. */
const FIRST_ID = JobId.parse('00000000-0000-4000-8000-000000000001')
const LAST_ID = JobId.parse('FFFFFFFF-FFFF-1FFF-8FFF-FFFFFFFFFFFF')
const WAIT_MS = 5000

export function submitConformance(open: OpenLedger): void {
  describe('submit', () => {
    it('a new job is queued and has a `submitted` event', async () => {
      const { ledger } = await open()
      const { job, created } = await ledger.submit(aJob({ labels: ['gpu', 'arm'], priority: 3 }))

      expect(created).toBe(true)
      expect(job).toMatchObject({
        state: 'queued',
        reason: null,
        attempt: 0,
        failures: 0,
        priority: 3,
        labels: ['arm', 'gpu'],
        payload: { prompt: 'Fix the test' },
      })
      expect(await ledger.job(job.id)).toEqual(job)
      expect(await eventTypes(ledger, job.id)).toEqual(['submitted'])
    })

    it('the same key and body return the existing job', async () => {
      const { ledger } = await open()
      const first = await ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'one' }))
      const again = await ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'one' }))

      expect(again).toEqual({ job: first.job, created: false })
      expect(await ledger.counts()).toEqual([{ kind: 'code', state: 'queued', jobs: 1 }])
    })

    it('many submissions with one key at the same moment make one job', async () => {
      const { ledger } = await open()
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => ledger.submit(aJob({ idempotencyKey: 'key' }))),
      )
      expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1)
      expect(answers.filter(({ created }) => created)).toHaveLength(1)
    })

    it('the same key with another body is refused', async () => {
      const { ledger } = await open()
      await ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'one' }))
      const other = ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'two' }))
      expect(await refusal(other)).toBe('idempotency-conflict')
    })

    it('a follow-up needs an earlier job that has ended', async () => {
      const { ledger } = await open()
      expect(await refusal(ledger.submit(aJob({ retryOf: NO_JOB })))).toBe('job-not-found')
      const waiting = await submitted(ledger)
      expect(await refusal(ledger.submit(aJob({ retryOf: waiting })))).toBe('job-not-terminal')
    })

    it('a job whose lock key is held shows at once what it waits for', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['site:a'] })
      await claimed(ledger)
      const { job } = await ledger.submit(aJob({ locks: ['site:b', 'site:a'] }))
      expect(job).toMatchObject({ parkedOn: 'site:a', locks: ['site:a', 'site:b'] })
    })

    it('a job keeps who submitted it, where it came from and what it belongs to', async () => {
      const { ledger } = await open()
      const facts = { origin: '{"queue":"q"}', group: 'nightly' }
      const { job } = await ledger.submit(aJob({ submitter: ADA, ...facts }))
      expect(job).toMatchObject({ ...facts, submittedBy: 'ada', holdUntil: null, demands: [] })
      const { job: plain } = await ledger.submit(aJob())
      expect(plain).toMatchObject({ origin: null, group: null, notBefore: null })
    })
  })

  describe('a job with an id of its own', () => {
    it('may have any UUID, and is ordered by its arrival', async () => {
      const { ledger } = await open()
      const ids = [LAST_ID, NO_JOB, FIRST_ID]
      for (const id of ids) expect((await ledger.submit(aJob({ id }))).job.id).toBe(id)
      const page = { filter: {}, after: null, limit: 2 }
      const newest = await ledger.jobs(page)
      expect(newest.map(({ id }) => id)).toEqual([FIRST_ID, NO_JOB])
      const [oldest] = await ledger.jobs({ ...page, after: NO_JOB })
      expect(oldest?.id).toBe(LAST_ID)
      expect(await nextJob(ledger)).toBe(LAST_ID)
      expect(await nextJob(ledger)).toBe(NO_JOB)
    })

    it.each(['queued', 'succeeded'])('is refused when a %s job has it', async (state) => {
      const { ledger } = await open()
      const id = await submitted(ledger, { id: FIRST_ID })
      if (state === 'succeeded') await ledger.settle(await claimed(ledger), SUCCEEDED, null)
      const before = await ledger.job(id)
      const other = aJob({ id, title: 'another', locks: ['a'], payload: 'other' })
      expect(await refusal(ledger.submit(other))).toBe('job-exists')
      expect(await ledger.job(id)).toEqual(before)
      expect(await ledger.counts()).toMatchObject([{ jobs: 1 }])
    })

    it('is returned when the same request is repeated with its key', async () => {
      const { ledger } = await open()
      const asked = aJob({ id: FIRST_ID, idempotencyKey: 'key' })
      const { job } = await ledger.submit(asked)
      expect(await ledger.submit(asked)).toEqual({ job, created: false })
      const other = aJob({ id: FIRST_ID, idempotencyKey: 'other' })
      expect(await refusal(ledger.submit(other))).toBe('job-exists')
    })

    it('concurrent submissions with one id make one job', async () => {
      const { ledger } = await open()
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => refusal(ledger.submit(aJob({ id: FIRST_ID })))),
      )
      expect(answers.filter((answer) => answer === 'none')).toHaveLength(1)
      expect(answers.filter((answer) => answer === 'job-exists')).toHaveLength(9)
    })
  })

  describe('a job with a notBefore', () => {
    it('is claimed by nobody before it, and by the next who asks from then on', async () => {
      const { ledger, advance } = await open()
      const { createdAt } = await ledger.job(await submitted(ledger, { kind: 'clock' }))
      const notBefore = createdAt + WAIT_MS
      const { job } = await ledger.submit(aJob({ notBefore, priority: 9 }))
      expect(job).toMatchObject({ state: 'queued', notBefore })
      const other = await submitted(ledger)
      expect(await nextJob(ledger)).toBe(other)
      advance(WAIT_MS - 1)
      expect(await nextJob(ledger)).toBeNull()
      advance(1)
      expect(await nextJob(ledger)).toBe(job.id)
      expect(await ledger.job(job.id)).toMatchObject({ state: 'running', notBefore: null })
    })

    it('notifies `ready` when a sweep finds it due, and not before', async () => {
      const { ledger, advance } = await open()
      const { createdAt } = await ledger.job(await submitted(ledger, { kind: 'clock' }))
      const heard: string[] = []
      ledger.subscribe(({ kind }) => heard.push(kind))
      await submitted(ledger, { notBefore: createdAt + WAIT_MS })
      await ledger.expire(10)
      expect(heard).not.toContain('ready')
      advance(WAIT_MS)
      await ledger.expire(10)
      expect(heard).toContain('ready')
    })

    it('is parked only when it is due and a claim finds its key held', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holder = await claimed(ledger)
      const { createdAt } = await ledger.job(holder.jobId)
      const { job } = await ledger.submit(aJob({ locks: ['a'], notBefore: createdAt + WAIT_MS }))
      expect(job).toMatchObject({ parkedOn: null, notBefore: createdAt + WAIT_MS })
      advance(WAIT_MS)
      expect(await nextJob(ledger)).toBeNull()
      expect(await ledger.job(job.id)).toMatchObject({ parkedOn: 'a', notBefore: null })
      await ledger.settle(holder, SUCCEEDED, null)
      expect(await nextJob(ledger)).toBe(job.id)
    })

    it('is ready at once when the time has passed, and can be cancelled at any time', async () => {
      const { ledger } = await open()
      const { createdAt } = await ledger.job(await submitted(ledger, { kind: 'clock' }))
      const due = await submitted(ledger, { notBefore: createdAt })
      expect(await ledger.job(due)).toMatchObject({ notBefore: null })
      const later = await submitted(ledger, { notBefore: createdAt + 1 })
      const cancelled = await ledger.requestCancel(later, 'ada')
      expect(cancelled).toMatchObject({ state: 'cancelled', notBefore: null })
      expect(await nextJob(ledger)).toBe(due)
    })
  })
}
