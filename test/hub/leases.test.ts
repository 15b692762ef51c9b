import { randomUUID } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { PROTOCOL } from '../../src/protocol/version.ts'
import { aRequest } from '../conformance/ledger/bed.ts'
import { startTestHub, TEST_VERSION, type TestHub } from '../support/hub.ts'
import { aClaim, aJob, aLease } from '../support/jobs.ts'

const PATIENT = { waitMs: 20_000 }

describe('waiting for work', () => {
  it('a waiting worker gets a job as soon as it is submitted', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const waiting = hub.worker.call('claimLease', { body: aClaim(PATIENT) })

    const { id } = await hub.admin.call('submitJob', { body: aJob() })

    expect((await waiting)?.job.id).toBe(id)
  })

  it('without work the answer is null when the time is over', async () => {
    await using hub = await startTestHub()
    expect(await hub.worker.call('claimLease', { body: aClaim({ waitMs: 30 }) })).toBeNull()
  })

  it('many workers share many jobs, each job once', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const waiting = Array.from({ length: 20 }, () =>
      hub.worker.call('claimLease', { body: aClaim(PATIENT) }),
    )
    const jobs = await Promise.all(waiting.map(() => hub.admin.call('submitJob', { body: aJob() })))

    const leases = await Promise.all(waiting)

    const leased = new Set(leases.map((lease) => lease?.job.id))
    expect(leased).toEqual(new Set(jobs.map(({ id }) => id)))
  })

  it('a worker that went away gets no job', async () => {
    await using hub = await startTestHub()
    const away = new AbortController()
    const waiting = hub.worker.call('claimLease', { body: aClaim(PATIENT) }, away.signal)
    await expect.poll(async () => metric(await printed(hub), 'millwright_waiting_claims')).toBe(1)
    away.abort()
    await expect(waiting).rejects.toThrow('aborted')
    await expect.poll(async () => metric(await printed(hub), 'millwright_waiting_claims')).toBe(0)

    const { id } = await hub.admin.call('submitJob', { body: aJob() })

    expect(await hub.admin.call('getJob', { params: { job: id } })).toMatchObject({
      state: 'queued',
      attempt: 0,
    })
  })

  it('asking again after a lost answer gives the same lease with a working token', async () => {
    await using hub = await startTestHub()
    await hub.admin.call('submitJob', { body: aJob() })
    const body = aClaim()

    const lost = await hub.worker.call('claimLease', { body })
    const again = await hub.worker.call('claimLease', { body })

    expect(again).toMatchObject({ job: { id: lost?.job.id }, attempt: 1 })
    const params = { job: again!.job.id, attempt: 1 }
    const call = hub.worker.withToken(again!.token).call('renewLease', { params, body: renewal })
    expect(await call).toEqual({ leaseMs: 60_000, cancelRequested: false })
  })

  it('a worker of a newer version is refused', async () => {
    await using hub = await startTestHub()
    const { worker } = aClaim()
    const body = aClaim({ worker: { ...worker, version: '0.2.0' } })
    await expect(hub.worker.call('claimLease', { body })).rejects.toMatchObject({
      code: 'protocol-mismatch',
      message: `The worker has version 0.2.0 and protocol ${PROTOCOL}, but the hub has version ${TEST_VERSION} and protocol ${PROTOCOL}.`,
    })
  })

  it('no more workers wait than the limit allows', async () => {
    await using hub = await startTestHub({ limits: { waitingClaims: 1 } })
    const away = new AbortController()
    const first = hub.worker.call('claimLease', { body: aClaim(PATIENT) }, away.signal)
    first.catch(() => {})
    await expect.poll(async () => metric(await printed(hub), 'millwright_waiting_claims')).toBe(1)

    const second = hub.worker.call('claimLease', { body: aClaim(PATIENT) })

    await expect(second).rejects.toMatchObject({ code: 'rate-limited' })
    away.abort()
  })
})

const renewal = { leaseMs: 60_000 }

describe('a lease', () => {
  it('a renewal that waits is answered at once when somebody cancels', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const { params, attempt } = await aLease(hub)
    const waiting = attempt.call('renewLease', { params, body: { ...renewal, ...PATIENT } })

    await hub.admin.call('cancelJob', { params: { job: params.job } })

    expect(await waiting).toEqual({ leaseMs: 60_000, cancelRequested: true })
  })

  it('a renewal after a cancel does not wait', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const { params, attempt } = await aLease(hub)
    await hub.admin.call('cancelJob', { params: { job: params.job } })
    const elapsed = hub.clock.monotonic()

    const answer = await attempt.call('renewLease', { params, body: { ...renewal, ...PATIENT } })

    expect(answer).toEqual({ leaseMs: 60_000, cancelRequested: true })
    expect(hub.clock.monotonic() - elapsed).toBeLessThan(PATIENT.waitMs)
  })

  it('a renewal that waits fails when the attempt ends meanwhile', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const { lease, params, attempt } = await aLease(hub)
    const before = await hub.ledger.job(lease.job.id)
    hub.clock.advance(1000)
    const waiting = attempt.call('renewLease', { params, body: { ...renewal, ...PATIENT } })
    waiting.catch(() => {})
    await expect
      .poll(async () => (await hub.ledger.job(lease.job.id)).leaseUntil)
      .toBeGreaterThan(before.leaseUntil!)

    await attempt.call('handBackLease', { params })

    await expect(waiting).rejects.toMatchObject({ code: 'lease-lost' })
  })

  it('a renewal that waits fails when the job has gone to another worker meanwhile', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const { lease, params, attempt } = await aLease(hub)
    const before = await hub.ledger.job(lease.job.id)
    hub.clock.advance(1000)
    const waiting = attempt.call('renewLease', { params, body: { ...renewal, ...PATIENT } })
    waiting.catch(() => {})
    await expect
      .poll(async () => (await hub.ledger.job(lease.job.id)).leaseUntil)
      .toBeGreaterThan(before.leaseUntil!)

    const ofAnything = aRequest({ offers: ['agent:*', 'repo:*', 'local:*'] })
    // Sent together, both are committed before any waiter is notified of the first.
    const fence = { jobId: lease.job.id, attempt: lease.attempt }
    await Promise.all([hub.ledger.handBack(fence), hub.ledger.claim(ofAnything)])

    await expect(waiting).rejects.toMatchObject({ code: 'lease-lost' })
    expect(await hub.ledger.job(lease.job.id)).toMatchObject({ state: 'running', attempt: 2 })
  })

  it('a renewal whose worker disconnected queries the ledger no more', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const { params, attempt } = await aLease(hub)
    const asked = vi.spyOn(hub.ledger, 'job')
    const renewed = vi.spyOn(hub.ledger, 'renew')
    const away = new AbortController()
    const body = { ...renewal, ...PATIENT }
    const waiting = attempt.call('renewLease', { params, body }, away.signal)
    await expect.poll(() => renewed.mock.settledResults[0]?.type).toBe('fulfilled')
    away.abort()
    await expect(waiting).rejects.toThrow('aborted')

    for (let times = 0; times < 50; times += 1) await hub.admin.call('metrics', {})

    expect(asked.mock.calls.length).toBeLessThan(3)
  })

  it('after the lease ran out every write is refused, and counted', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    hub.clock.advance(61_000)
    expect(await hub.ledger.expire(10)).toBe(1)
    const calls = [
      attempt.call('renewLease', { params, body: renewal }),
      attempt.call('appendEvents', { params, body: { from: 1, events: [note] } }),
      attempt.call('addCheckpoint', { params, body: { step: 'workspace' } }),
      attempt.call('writeLog', {
        params: { ...params, stream: 'output', offset: 0 },
        body: Buffer.from('late'),
      }),
      attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: Buffer.from('late') }),
      attempt.call('readContinued', { params: { ...params, name: 'a' } }),
      attempt.call('settleLease', { params, body: { settlement, usage: null } }),
      attempt.call('handBackLease', { params }),
    ]

    const refusals = await Promise.allSettled(calls)
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 'rejected', reason: { code: 'lease-lost' } })
    }

    expect(metric(await printed(hub), 'millwright_stale_write_rejected_total')).toBe(calls.length)
    const job = await hub.admin.call('getJob', { params: { job: params.job } })
    expect(job).toMatchObject({ state: 'queued', reason: 'worker-lost' })
  })

  it('a settlement sent twice is answered twice and counts once', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)

    const first = await attempt.call('settleLease', { params, body: { settlement, usage: null } })
    const again = await attempt.call('settleLease', { params, body: { settlement, usage: null } })

    expect(first).toMatchObject({ state: 'succeeded', reason: 'no-change' })
    expect(again).toEqual(first)
  })

  it('a paused job waits to be resumed', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const body = { reason: 'waiting-for-person', detail: 'which one?', usage: null } as const

    const paused = await attempt.call('pauseLease', { params, body })
    const resumed = await hub.admin.call('resumeJob', { params: { job: params.job } })

    expect([paused.state, resumed.state]).toEqual(['paused', 'queued'])
  })
})

const note = { type: 'note', code: 'hello', text: 'too late' } as const
const settlement = {
  kind: 'succeeded',
  reason: 'no-change',
  publication: null,
} as const

const printed = async (hub: TestHub): Promise<string> =>
  (await hub.admin.call('metrics', {})).text()

/** The value of a metric without labels. */
const metric = (text: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])

/** A lease, and the worker that holds it, with the boot id of another run. */
async function aLostAttempt(hub: TestHub) {
  const { params, attempt } = await aLease(hub)
  const [seen] = await hub.ledger.workers()
  const worker = { id: seen!.id, bootId: randomUUID() }
  return { params, attempt, bootId: seen!.bootId, worker }
}

describe('an attempt that its worker lost in a restart', () => {
  it('is ended by that worker, as often as it asks, and the job is claimed again at once', async () => {
    await using hub = await startTestHub()
    const { params, attempt, worker } = await aLostAttempt(hub)

    const job = await hub.worker.call('abandonLease', { params, body: { worker } })

    expect(job).toMatchObject({ state: 'queued', reason: 'worker-lost', notBefore: null })
    expect(await hub.worker.call('abandonLease', { params, body: { worker } })).toEqual(job)
    const end = attempt.call('renewLease', { params, body: renewal })
    await expect(end).rejects.toMatchObject({ code: 'lease-lost' })
    const again = await hub.worker.call('claimLease', { body: aClaim() })
    expect(again).toMatchObject({ job: { id: params.job }, attempt: 2 })
    expect(await printed(hub)).toContain('millwright_attempts_ended_total{outcome="abandoned"}')
  })

  it('is not ended with another token, under another worker’s id or by its own run', async () => {
    await using hub = await startTestHub()
    const { params, attempt, worker, bootId } = await aLostAttempt(hub)
    const thief = await hub.clientWith('worker')
    const refused = [
      [thief, worker, 'scope-missing'],
      [hub.worker, { ...worker, id: randomUUID() }, 'scope-missing'],
      [hub.worker, { ...worker, bootId }, 'request-invalid'],
      [attempt, worker, 'scope-missing'],
      [hub.admin, worker, 'scope-missing'],
    ] as const
    for (const [client, body, code] of refused) {
      const call = client.call('abandonLease', { params, body: { worker: body } })
      await expect(call).rejects.toMatchObject({ code })
    }
    expect(await hub.ledger.job(params.job)).toMatchObject({ state: 'running', attempt: 1 })
  })
})
