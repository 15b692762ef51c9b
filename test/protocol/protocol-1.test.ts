import { randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { newJobId } from '../../src/domain/id.ts'
import { Settlement } from '../../src/domain/outcome.ts'
import { readerOf } from '../../src/protocol/read-answer.ts'
import { ROUTES } from '../../src/protocol/routes.ts'
import { uploaded } from '../support/generate.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aClaim, aJob, aLease } from '../support/jobs.ts'
import * as recorded from './recorded-1.ts'

const COMMIT = 'a'.repeat(40)
const REPOSITORY = '/srv/git/example.git'
/** An intent and a publication as workers of protocol 1 write them. */
const OLD_INTENT = { kind: 'branch', repository: REPOSITORY, branch: 'fix', commit: COMMIT }
/** The same in the later protocol. */
const BRANCH = { kind: 'branch', target: `${REPOSITORY}#fix`, revision: COMMIT }
const NEW_INTENT = {
  ...BRANCH,
  details: { repository: REPOSITORY, branch: 'fix', replaces: 'b'.repeat(40) },
}
const NEW_PUBLICATION = { ...BRANCH, details: { repository: REPOSITORY, branch: 'fix' } }

/** Sends a request as a worker of protocol 1 does: without the protocol header. */
async function ask(
  hub: TestHub,
  token: string,
  { path, body, method = 'POST' }: { path: string; body: unknown; method?: 'POST' | 'PUT' },
): Promise<unknown> {
  const response = await fetch(hub.url + path, {
    method,
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
  expect(response.status, `${method} ${path}`).toBe(200)
  return await response.json()
}

/** The claim of an old worker, which states neither protocol nor offers. */
function oldClaim() {
  const { requestId, worker } = aClaim()
  const { offers: _, ...known } = worker
  return { requestId, worker: known, protocol: 1, leaseMs: 60_000, waitMs: 0 }
}

const claim = (hub: TestHub): Promise<unknown> =>
  ask(hub, hub.workerToken, { path: '/api/v1/leases', body: oldClaim() })

const leased = async (hub: TestHub) => asAttempt(hub, recorded.Lease.parse(await claim(hub)))

function asAttempt(hub: TestHub, lease: z.infer<typeof recorded.Lease>) {
  const path = `/api/v1/leases/${lease.job.id}/${lease.attempt}`
  const say = (what: string, body: unknown) => ask(hub, lease.token, { path: path + what, body })
  const put = (what: string, token: string) =>
    ask(hub, token, { path: path + what, body: 'x', method: 'PUT' })
  return { lease, say, put }
}

type Asked = Parameters<typeof aJob>[0]

const submit = (hub: TestHub, asked: Asked) => hub.admin.call('submitJob', { body: aJob(asked) })

async function followUpOf(hub: TestHub, asked: Asked) {
  const { id: job } = await submit(hub, asked)
  await hub.ledger.requestCancel(job, 'tester')
  return await hub.admin.call('retryJob', { params: { job }, body: {} })
}

const newUuid7 = (): string => newJobId(Date.now(), randomBytes)

const retry = { maxFailures: 5, firstDelayMs: 1, delayMs: 1, expiryDelayMs: 1, factor: 1, capMs: 1 }

describe('a worker of protocol 1', () => {
  it('gets a lease in the old shape, with what newer workers have left for it', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub, { retry, group: 'g', origin: 'somewhere' })
    await attempt.call('addCheckpoint', { params, body: { step: 'work', product: { tree: 'x' } } })
    await attempt.call('intendPublication', { params, body: NEW_INTENT })
    await attempt.call('handBackLease', { params })

    const { lease } = await leased(hub)

    expect(lease.checkpoints).toEqual([{ step: 'work', product: { tree: 'x' } }])
    expect(lease.intents).toEqual([{ ...OLD_INTENT, replaces: 'b'.repeat(40) }])
    expect(lease.continues).toBeNull()
  })

  it('gets a follow-up of what a newer worker has published', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    await attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: Buffer.from('x') })
    const settlement = {
      kind: 'succeeded',
      reason: 'published',
      publication: NEW_PUBLICATION,
    } as const
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })
    await hub.admin.call('retryJob', { params: { job: params.job }, body: {} })

    const { lease } = await leased(hub)

    expect(lease.continues).toMatchObject({ publication: OLD_INTENT, artifacts: [{ name: 'a' }] })
  })

  it.each([
    ['change.patch', null],
    ['salvage.change.patch', null],
    ['session.tar', OLD_INTENT],
  ])(
    'gets, when the job after the published one left only %s, the publication %j',
    async (name, publication) => {
      await using hub = await startTestHub()
      const first = await aLease(hub)
      const settle = (of: typeof first, settlement: unknown) =>
        of.attempt.call('settleLease', {
          params: of.params,
          body: { settlement: Settlement.parse(settlement), usage: null },
        })
      await settle(first, { kind: 'succeeded', reason: 'published', publication: NEW_PUBLICATION })
      const later = await hub.admin.call('retryJob', {
        params: { job: first.params.job },
        body: {},
      })
      const { lease: second, say, put } = await leased(hub)
      await put(`/artifacts/${name}`, second.token)
      await say('/settle', {
        settlement: { kind: 'succeeded', reason: 'patch-ready', publication: { kind: 'none' } },
        usage: null,
      })
      await hub.admin.call('retryJob', { params: { job: later.id }, body: {} })

      const { lease } = await leased(hub)

      expect(lease.continues).toMatchObject({ publication, artifacts: [{ name }] })
    },
  )

  it('is answered in the old shape until its job has ended', async () => {
    await using hub = await startTestHub()
    await hub.admin.call('submitJob', { body: aJob({ retry }) })
    const { lease, say, put } = await leased(hub)

    const renewal = await say('/renew', { leaseMs: 60_000 })
    await say('/publication', { ...OLD_INTENT, replaces: null })
    const artifact = await put('/artifacts/a', lease.token)
    const ended = await say('/settle', {
      settlement: { kind: 'succeeded', reason: 'published', detail: '', publication: OLD_INTENT },
      usage: { requests: 1 },
    })
    const salvaged = await put('/salvage/b', hub.workerToken)

    expect(recorded.Renewal.parse(renewal)).toEqual({ leaseMs: 60_000, cancelRequested: false })
    expect(recorded.ArtifactInfo.parse(artifact)).toMatchObject({ name: 'a' })
    expect(recorded.ArtifactInfo.parse(salvaged)).toMatchObject({ name: 'salvage.b' })
    expect(recorded.Job.parse(ended)).toMatchObject({
      state: 'succeeded',
      publication: OLD_INTENT,
    })
    const job = await hub.ledger.job((await hub.admin.call('listJobs', {})).jobs[0]!.id)
    expect(job.publication).toEqual(NEW_PUBLICATION)
  })

  it.each([
    ['/pause', { reason: 'waiting-for-person', detail: '', usage: null }, 'paused', null],
    ['/hand-back', {}, 'queued', null],
    [
      '/settle',
      {
        settlement: { kind: 'succeeded', reason: 'no-change', publication: { kind: 'none' } },
        usage: null,
      },
      'succeeded',
      { kind: 'none' },
    ],
  ])(
    'is answered after %s with its job in the old shape',
    async (what, body, state, publication) => {
      await using hub = await startTestHub()
      await hub.admin.call('submitJob', { body: aJob() })
      const { say } = await leased(hub)
      const job = recorded.Job.parse(await say(what, body))
      expect(job).toMatchObject({ state, publication })
    },
  )

  it.each([
    ['an id that is no UUIDv7', () => ({ id: randomUUID() })],
    ['a hold', () => ({ holdUntil: 2_000_000_000_000 })],
  ])('gets no job with %s, which a newer one does', async (_, fact) => {
    await using hub = await startTestHub()
    const { id, demands } = await hub.admin.call('submitJob', { body: aJob(fact()) })

    expect(demands).toContain('protocol:2')
    expect(await claim(hub)).toBeNull()
    const lease = await hub.worker.call('claimLease', { body: aClaim({ protocol: 2 }) })
    expect(lease?.job.id).toBe(id)
  })

  it('gets no follow-up of a job whose id is no UUIDv7, which a newer one does', async () => {
    await using hub = await startTestHub()
    const { id, demands } = await followUpOf(hub, { id: randomUUID() })

    expect(demands).toContain('protocol:2')
    expect(await claim(hub)).toBeNull()
    const lease = await hub.worker.call('claimLease', { body: aClaim({ protocol: 2 }) })
    expect(lease?.job.id).toBe(id)
  })

  it('understands every job that it gets, whatever was submitted', async () => {
    await using hub = await startTestHub()
    const inputs = await uploaded(hub, { in: 'x' })
    const facts = fc.record({
      makeId: fc.constantFrom(newUuid7, randomUUID),
      inputs: fc.constantFrom(undefined, [], inputs),
      holdUntil: fc.constantFrom(undefined, 2_000_000_000_000),
      notBefore: fc.constantFrom(undefined, 0, Date.now() + 1000),
      group: fc.constantFrom(undefined, 'g'),
      origin: fc.constantFrom(undefined, 'somewhere'),
      retry: fc.constantFrom(undefined, retry),
    })
    let got = 0
    await fc.assert(
      fc.asyncProperty(facts, fc.boolean(), async ({ makeId, ...others }, isContinued) => {
        const job = { ...others, id: makeId() }
        const { id } = isContinued ? await followUpOf(hub, job) : await submit(hub, job)
        hub.clock.advance(2000)
        const lease = await claim(hub)
        if (lease !== null) {
          const { say } = asAttempt(hub, recorded.Lease.parse(lease))
          recorded.Job.parse(await say('/hand-back', {}))
          got += 1
        }
        await hub.ledger.requestCancel(id, 'tester')
      }),
      { numRuns: 60 },
    )
    expect(got).toBeGreaterThan(5)
  })

  it('gets a job that demands an agent or a repository, as it always did', async () => {
    await using hub = await startTestHub()
    const { id, demands } = await hub.admin.call('submitJob', { body: aJob() })
    const body = aClaim({ protocol: 2 })
    const noOffers = { ...body, worker: { ...body.worker, offers: [] } }

    const offersNone = await hub.worker.call('claimLease', { body: noOffers })

    expect(demands).toEqual(['agent:command', 'local:repository', 'repo:/srv/git/example.git'])

    expect(offersNone).toBeNull()
    expect(recorded.Lease.parse(await claim(hub)).job.id).toBe(id)
  })
})

/** The answer of a hub with one job to a claim whose header and body name these protocols. */
async function claimed(inHeader: number | undefined, inBody: number | undefined) {
  await using hub = await startTestHub()
  await submit(hub, { group: 'g' })
  const response = await fetch(`${hub.url}/api/v1/leases`, {
    method: 'POST',
    body: JSON.stringify(aClaim({ protocol: inBody })),
    headers: {
      authorization: `Bearer ${hub.workerToken}`,
      'content-type': 'application/json',
      ...(inHeader === undefined ? {} : { 'millwright-protocol': String(inHeader) }),
    },
  })
  return { status: response.status, answer: Object(await response.json()) }
}

describe('the protocol of a claim', () => {
  it.each([
    [undefined, undefined],
    [undefined, 1],
    [1, undefined],
    [1, 1],
  ])(
    'is the first by header %s and body %s, and so is the shape of the answer',
    async (inHeader, inBody) => {
      const { answer } = await claimed(inHeader, inBody)
      expect(recorded.Lease.parse(answer).attempt).toBe(1)
    },
  )

  it.each([
    [undefined, 2],
    [2, undefined],
    [2, 2],
  ])(
    'is the second by header %s and body %s, and so is the shape of the answer',
    async (inHeader, inBody) => {
      const { answer } = await claimed(inHeader, inBody)
      expect(answer).toMatchObject({ attempt: 1, inputs: [] })
    },
  )

  it.each([
    [1, 2],
    [2, 1],
  ])('is refused when the header says %s and the body %s', async (inHeader, inBody) => {
    expect(await claimed(inHeader, inBody)).toMatchObject({
      status: 400,
      answer: { code: 'request-invalid', detail: expect.stringContaining('body.protocol') },
    })
  })
})

describe('an answer of a newer hub', () => {
  it('is read without what this program does not know', () => {
    const more = { later: 1 }
    const event = { seq: 1, at: 0, attempt: null }
    const events = [
      { ...event, ...more, type: 'submitted', retryOf: null },
      { ...event, type: 'agent-asked', question: 'why?' },
      {
        ...event,
        type: 'published',
        publication: { ...NEW_PUBLICATION, ...more },
      },
    ]
    const { events: read } = Object(readerOf(ROUTES.listEvents.answer).parse({ events, ...more }))
    expect(read).toEqual([
      { ...event, type: 'submitted', retryOf: null },
      {
        ...event,
        type: 'note',
        code: 'unknown-event',
        text: 'the hub sent an event of type "agent-asked", which this version does not recognize',
      },
      { ...event, type: 'published', publication: NEW_PUBLICATION },
    ])
  })

  it.each([
    ['a renewal', 'renewLease', { leaseMs: 1, cancelRequested: false }],
    ['the health of a hub', 'live', { status: 'ok', version: '1', protocol: 9 }],
    ['a collection', 'collect', { dryRun: true, heldUp: false, items: [] }],
  ] as const)('may say more in %s', (_, name, answer) => {
    expect(readerOf(ROUTES[name].answer).parse({ ...answer, later: { a: 1 } })).toEqual(answer)
  })

  it.each([
    ['checkpoint', { checkpoints: [{ step: 'a', product: {}, later: 1 }] }],
    ['intent', { intents: [{ ...BRANCH, later: 1 }] }],
  ])('that holds a %s with an unknown member is not read at all', (_, change) => {
    const lease = {
      job: { id: randomUUID(), kind: 'a', title: 'b', payload: {}, limits: {}, locks: [] },
      attempt: 1,
      token: 't',
      leaseMs: 1000,
      checkpoints: [],
      intents: [],
      continues: null,
      inputs: [],
      later: 1,
    }
    const reader = readerOf(ROUTES.claimLease.answer)
    expect(reader.safeParse(lease)).toMatchObject({ success: true })
    expect(reader.safeParse({ ...lease, ...change }).success).toBe(false)
  })
})
