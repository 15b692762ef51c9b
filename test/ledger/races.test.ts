import { expect, it } from 'vitest'
import type { Callback } from '../../src/domain/callback.ts'
import { isAppError } from '../../src/domain/errors.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Fence } from '../../src/domain/lease.ts'
import { Limits } from '../../src/domain/limits.ts'
import { fold } from '../../src/ledger/fold.ts'
import type { Ledger, Notification } from '../../src/ledger/port.ts'
import {
  aJob,
  aRequest,
  claimed,
  eventTypes,
  FAILED,
  fenceOf,
  LEASE_MS,
  refusal,
  submitted,
  SUCCEEDED,
} from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { postgresOfFile } from '../support/postgres.ts'
import { twoHubs } from '../support/two-hubs.ts'

/** Enough repetitions for both sides to interleave in every order. */
const TIMES = 40

/** Expects the row to agree with the events. */
async function expectConsistent(ledger: Ledger, jobId: JobId): Promise<void> {
  const { state, attempt, reason, failures } = await ledger.job(jobId)
  const events = await ledger.events(jobId, 0, 1000)
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  expect(fold(events)).toMatchObject({ state, attempt, reason, failures })
}

describeNeeding(['postgresql', 'patience'], 'two hubs at the same moment', () => {
  const file = postgresOfFile()

  it('claim each job once, and never two that share a key', async () => {
    const { one, other } = await twoHubs(file.server)
    const keys = ['a', 'b', 'c', 'd', 'e', 'f']
    for (let job = 0; job < 120; job += 1) {
      const locks = keys.filter((_, index) => ((job * 7919) >> index) % 3 === 0)
      await submitted(one, { locks, priority: job % 3 })
    }
    const held = new Set<string>()
    const seen = new Set<JobId>()
    const work = async (ledger: Ledger): Promise<void> => {
      for (;;) {
        const lease = await ledger.claim(aRequest())
        if (lease === null) {
          if (seen.size === 120) return
          continue
        }
        expect(seen.has(lease.job.id)).toBe(false)
        expect(lease.job.locks.filter((key) => held.has(key))).toEqual([])
        for (const key of lease.job.locks) held.add(key)
        seen.add(lease.job.id)
        await ledger.renew(fenceOf(lease), LEASE_MS)
        for (const key of lease.job.locks) held.delete(key)
        await ledger.settle(fenceOf(lease), SUCCEEDED, null)
      }
    }
    await Promise.all([one, other, one, other, one, other, one, other].map(work))

    expect(await one.counts()).toEqual([{ kind: 'code', state: 'succeeded', jobs: 120 }])
    expect(await other.strandedJobs(100)).toEqual([])
    for (const jobId of seen) await expectConsistent(one, jobId)
  })

  it('free a key and park on it: nobody sleeps for ever', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      await submitted(one, { locks: ['a', 'b'] })
      const holder = await claimed(one)
      const [, { job }] = await Promise.all([
        one.settle(holder, SUCCEEDED, null),
        other.submit(aJob({ locks: ['b'] })),
      ])
      expect(await one.strandedJobs(100)).toEqual([])
      const fence = await claimed(other)
      expect(fence.jobId).toBe(job.id)
      await one.settle(fence, SUCCEEDED, null)
    }
  })

  it('claim a job while its key is looked at for another: whoever can have it gets it', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const kinds = ['holder', 'blocked', 'free'].map((kind) => `${kind}-${time}`)
      const [holder = '', blocked = '', free = ''] = kinds
      await submitted(one, { kind: holder, locks: [holder] })
      await submitted(one, { kind: blocked, locks: [free, holder] })
      const wanted = await submitted(one, { kind: free, locks: [free] })
      await claimed(one, { kinds: [holder] })
      const [none, found] = await Promise.all([
        one.claim(aRequest({ kinds: [blocked] })),
        other.claim(aRequest({ kinds: [free] })),
      ])
      expect(none).toBeNull()
      expect(found?.job.id).toBe(wanted)
    }
  })

  it('claim and cancel one job: it runs and learns of the cancel, or it is cancelled and not claimed', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one, { locks: ['a'] })
      const [lease] = await Promise.all([one.claim(aRequest()), other.requestCancel(jobId, 'ada')])
      const job = await one.job(jobId)
      await expectConsistent(one, jobId)
      expect(job.state).toBe(lease === null ? 'cancelled' : 'running')
      expect(job.cancelRequestedAt).not.toBeNull()
      if (lease !== null) await one.settle(fenceOf(lease), SUCCEEDED, null)
    }
  })

  it('settle an attempt: both get the same answer, and one event is appended', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one)
      const fence = await claimed(one)
      const [first, second] = await Promise.all(
        [one, other].map((ledger) => ledger.settle(fence, SUCCEEDED, null)),
      )
      expect(second).toEqual(first)
      expect((await eventTypes(one, jobId)).filter((type) => type === 'ended')).toHaveLength(1)
    }
  })

  it('settle and cancel: the job has succeeded, too late or in time', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one)
      const fence = await claimed(one)
      const [cancel, job] = await Promise.all([
        refusal(other.requestCancel(jobId, 'ada')),
        one.settle(fence, SUCCEEDED, null),
      ])
      expect(job.reason).toBe(cancel === 'none' ? 'cancelled-too-late' : SUCCEEDED.reason)
      await expectConsistent(one, jobId)
    }
  })

  it('submit one request: there is one job', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const asked = aJob({ idempotencyKey: `key ${time}` })
      const answers = await Promise.all([one.submit(asked), other.submit(asked)])
      expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1)
      expect(answers.filter(({ created }) => created)).toHaveLength(1)
    }
  })

  it('answer one claim twice: it is the same lease', async () => {
    const { one, other } = await twoHubs(file.server)
    await Promise.all(Array.from({ length: TIMES * 2 }, () => submitted(one)))
    for (let time = 0; time < TIMES; time += 1) {
      const request = aRequest()
      const [first, second] = await Promise.all([one.claim(request), other.claim(request)])
      expect(second).toEqual(first)
    }
  })

  it('renew and expire a lease: it is kept or it is lost', async () => {
    const { one, other, clock } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one, { locks: ['a'] })
      const fence = await claimed(one)
      clock.advance(LEASE_MS)
      const [renewed, expired] = await Promise.all([
        refusal(one.renew(fence, LEASE_MS)),
        other.expire(10),
      ])
      expect([renewed, expired]).toEqual(renewed === 'none' ? ['none', 0] : ['lease-lost', 1])
      await expectConsistent(one, jobId)
      await one.requestCancel(jobId, 'ada')
      if (expired === 0) await one.settle(fence, SUCCEEDED, null)
    }
  })
})

const WAITING = { reason: 'waiting-for-person', detail: '' } as const
const INTENT = {
  kind: 'branch',
  target: 'https://git.example/a#fix',
  revision: 'a'.repeat(40),
}

type Asked = { readonly tells: string; readonly ask: (ledger: Ledger, fence: Fence) => unknown }

/** Requests that a worker repeats after a lost response, and the event that each appends. */
const ASKED: Record<string, Asked> = {
  'append an event': {
    tells: 'note',
    ask: (ledger, fence) => ledger.appendEvents(fence, 1, [{ type: 'note', code: 'n', text: 't' }]),
  },
  'record a checkpoint': {
    tells: 'checkpoint',
    ask: (ledger, fence) => ledger.checkpoint(fence, { step: 's', product: {} }),
  },
  'salvage its work': {
    tells: 'checkpoint',
    ask: (ledger, fence) => ledger.recordSalvage(fence, { step: 's', product: {} }),
  },
  'intend a publication': {
    tells: 'publication-intended',
    ask: (ledger, fence) => ledger.intendPublication(fence, INTENT),
  },
  pause: { tells: 'paused', ask: (ledger, fence) => ledger.pause(fence, WAITING, null) },
  'hand back': { tells: 'requeued', ask: (ledger, fence) => ledger.handBack(fence) },
  abandon: { tells: 'requeued', ask: (ledger, fence) => ledger.abandon(fence) },
  fail: { tells: 'requeued', ask: (ledger, fence) => ledger.settle(fence, FAILED, null) },
  cancel: {
    tells: 'cancel-requested',
    ask: (ledger, { jobId }) => ledger.requestCancel(jobId, 'ada'),
  },
}

describeNeeding(['postgresql', 'patience'], 'two hubs that get the same request', () => {
  const file = postgresOfFile()

  it.each(Object.entries(ASKED))('%s: one event is appended', async (_name, { tells, ask }) => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES / 2; time += 1) {
      const jobId = await submitted(one)
      const fence = await claimed(one)
      await Promise.all([ask(one, fence), ask(other, fence)])
      expect((await eventTypes(one, jobId)).filter((type) => type === tells)).toHaveLength(1)
      await expectConsistent(one, jobId)
      await one.requestCancel(jobId, 'ada')
      await refusal(one.settle(fence, SUCCEEDED, null))
    }
  })

  it('resume it: one does, the other is refused', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one)
      await one.pause(await claimed(one), WAITING, null)
      const answers = await Promise.all([
        refusal(one.resume(jobId, 'ada')),
        refusal(other.resume(jobId, 'bob')),
      ])
      expect(answers.toSorted()).toEqual(['job-not-paused', 'none'])
      await expectConsistent(one, jobId)
      await one.requestCancel(jobId, 'ada')
    }
  })

  it('resume and cancel it: it is cancelled', async () => {
    const { one, other } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one)
      await one.pause(await claimed(one), WAITING, null)
      await Promise.all([refusal(one.resume(jobId, 'ada')), other.requestCancel(jobId, 'bob')])
      expect((await one.job(jobId)).state).toBe('cancelled')
      await expectConsistent(one, jobId)
    }
  })

  it('settle and expire it: the settlement counts or the lease is lost', async () => {
    const { one, other, clock } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      const jobId = await submitted(one)
      const fence = await claimed(one)
      clock.advance(LEASE_MS)
      const [settled, expired] = await Promise.all([
        refusal(one.settle(fence, SUCCEEDED, null)),
        other.expire(10),
      ])
      expect([settled, expired]).toEqual(settled === 'none' ? ['none', 0] : ['lease-lost', 1])
      await expectConsistent(one, jobId)
      await one.requestCancel(jobId, 'ada').catch(() => undefined)
    }
  })
})

describeNeeding(['postgresql', 'patience'], 'two hubs that tidy', () => {
  const file = postgresOfFile()

  it('release a kept key while a job is parked on it: no job is stranded', async () => {
    const { one, other } = await twoHubs(file.server)
    await submitted(one)
    await claimed(one)
    const limits = Limits.parse({ pausedLocksMs: 0 })
    for (let time = 0; time < TIMES; time += 1) {
      const paused = await submitted(one, { locks: ['a', 'b'], limits })
      await one.pause(await claimed(one), WAITING, null)
      const [freed, { job }] = await Promise.all([
        one.tidyLocks(100),
        other.submit(aJob({ locks: ['b'] })),
      ])
      // Tidying skips a key while a submission that parks on it has the lock.
      expect(freed + (await one.tidyLocks(100))).toBe(1)
      expect(await one.strandedJobs(100)).toEqual([])
      const fence = await claimed(other)
      expect(fence.jobId).toBe(job.id)
      await one.settle(fence, SUCCEEDED, null)
      await one.requestCancel(paused, 'ada')
    }
  })
})

describeNeeding(['postgresql', 'patience'], 'two hubs', () => {
  const file = postgresOfFile()

  it('hear of each other’s commits, and each once', async () => {
    const { one, other } = await twoHubs(file.server)
    const heard: Notification[] = []
    other.subscribe((notification) => heard.push(notification))
    // The LISTEN connection may still be opening.
    await expect.poll(async () => submitted(one).then(() => heard.length)).toBeGreaterThan(0)
    heard.length = 0
    const jobId = await submitted(one)
    const told = { kind: 'job', jobId }
    await expect.poll(() => heard).toContainEqual(told)
    await other.renew(await claimed(other), LEASE_MS)
    expect(heard.filter((news) => news.kind === 'job' && news.jobId === jobId)).toEqual([told])
  })

  it('go on by themselves after the database has crashed, with all that was answered', async () => {
    const { one, other } = await twoHubs(file.server)
    const before = await submitted(one)
    const restarted = file.server.restart()
    const during = await Promise.allSettled(Array.from({ length: 5 }, () => submitted(one)))
    const errors = during.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    expect(errors.filter((error) => !isAppError(error, 'ledger-unavailable'))).toEqual([])
    await restarted
    await expect.poll(() => refusal(one.checkWritable())).toBe('none')
    expect((await other.job(before)).state).toBe('queued')
    const heard: Notification[] = []
    other.subscribe((notification) => heard.push(notification))
    await expect
      .poll(async () => submitted(one).then(() => heard.length), { timeout: 5000 })
      .toBeGreaterThan(0)
  })

  it('forget a job and go on from it: it stays, or the follow-up is refused', async () => {
    const { one, other, clock } = await twoHubs(file.server)
    for (let time = 0; time < TIMES; time += 1) {
      await submitted(one)
      const { jobId, attempt } = await claimed(one)
      await one.settle({ jobId, attempt }, SUCCEEDED, null)
      clock.advance(1)
      const [{ jobs }, follower] = await Promise.all([
        one.forget(clock.now(), 10),
        refusal(other.submit(aJob({ retryOf: jobId, requestDigest: `${time}` }))),
      ])
      // When no job was deleted, the submission had its lock or had already committed.
      const next = await one.claim(aRequest())
      const isGone = jobs === 1
      expect(follower).toBe(isGone ? 'job-not-found' : 'none')
      expect(next?.continues?.jobId).toBe(isGone ? undefined : jobId)
      if (next !== null) await one.settle(fenceOf(next), SUCCEEDED, null)
      clock.advance(1)
      await one.forget(clock.now(), 10)
    }
  })

  it('forget a job and ask for its callback again: it is sent, or the asking is refused', async () => {
    const { one, other, clock } = await twoHubs(file.server)
    const callbacks: Callback[] = [{ url: 'https://hooks.example/', events: ['ended'] }]
    const sent = { kind: 'answered', status: 204, retryAfterMs: null } as const
    const next = { state: 'delivered' } as const
    for (let time = 0; time < TIMES; time += 1) {
      await submitted(one, { callbacks })
      await one.settle(await claimed(one), SUCCEEDED, null)
      const delivery = await one.takeDelivery(1000, [])
      await one.markDelivery(delivery!, { sent, next })
      clock.advance(1)
      const [{ jobs }, asked] = await Promise.all([
        one.forget(clock.now(), 10),
        refusal(other.resendDelivery(delivery!.id)),
      ])
      const isGone = jobs === 1
      expect(asked).toBe(isGone ? 'delivery-not-found' : 'none')
      const again = await one.takeDelivery(1000, [])
      expect(again?.id).toBe(isGone ? undefined : delivery!.id)
      if (again !== null) await one.markDelivery(again, { sent, next })
      await one.forget(clock.now(), 10)
    }
  })
})
