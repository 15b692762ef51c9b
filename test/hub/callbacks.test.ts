import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { callbackSecretOf } from '../../src/callbacks/sign.ts'
import { makeSend } from '../../src/callbacks/send.ts'
import { noProbe } from '../../src/domain/probe.ts'
import type { Callback, Send } from '../../src/domain/callback.ts'
import { Secret } from '../../src/domain/secret.ts'
import { deliverDue } from '../../src/keeper/deliver.ts'
import { DeliveryTally } from '../../src/keeper/delivery-tally.ts'
import { InFlight } from '../../src/keeper/in-flight.ts'
import { silentLog } from '../../src/platform/log.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aJob, aLease } from '../support/jobs.ts'
import { HANG, redirect, type Sink } from '../support/serve-sink.ts'
import { startSink } from '../support/sink.ts'

const random = (): Uint8Array => new Uint8Array(1)
const SECRET = callbackSecretOf(randomBytes(32))
const DONE = { kind: 'succeeded', reason: 'no-change', publication: null } as const
/** Tolerance for times: the hub's clock advances while a test runs. */
const MARGIN_MS = 3000
const never = new AbortController().signal

/** A hub that may call one receiver, and sends only when the test asks it to. */
async function open() {
  const sink = await startSink()
  const rules = { ports: [443], allow: [{ host: '127.0.0.1', port: sink.port }] }
  const tally = new DeliveryTally()
  const hub = await startTestHub({ callbacks: rules, deliveries: tally })
  onTestFinished(() => hub[Symbol.asyncDispose]())
  const { clock, ledger } = hub
  const send = makeSend({ rules, secrets: [new Secret(SECRET)], clock, version: '0', tryMs: 200 })
  const inFlight = new InFlight()
  const base = { ledger, inFlight, tally, random, clock, log: silentLog, probe: noProbe }
  /** Advances the clock and runs one iteration of the delivery loop. */
  const turn = async (afterMs = 0, through: Send = send, signal = never) => {
    clock.advance(afterMs)
    await deliverDue({ ...base, send: through }, signal)
    await inFlight.allDone()
  }
  return { hub, sink, turn }
}

/** Submits a job with callbacks and ends it. */
async function endJob(hub: TestHub, sink: Sink, events?: Callback['events']) {
  const callback = events === undefined ? { url: sink.url } : { url: sink.url, events }
  const { lease, attempt, params } = await aLease(hub, { callbacks: [callback] })
  await attempt.call('settleLease', { params, body: { settlement: DONE, usage: null } })
  return lease.job.id
}

const deliveriesOf = async (hub: TestHub, job: string) =>
  (await hub.admin.call('listDeliveries', { query: { job } })).deliveries

describe('a callback', () => {
  it('gets one signed message at the end of its job', async () => {
    const { hub, sink, turn } = await open()
    const job = await endJob(hub, sink)
    await turn()
    await turn(100_000)
    expect(sink.received).toHaveLength(1)
    const [{ headers, body } = { headers: {}, body: '' }] = sink.received
    const signed = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, String(v)]))
    // The test hub's clock shows another time; the signature is valid all the same.
    expect(new Webhook(SECRET).sign(signed['webhook-id'] ?? '', timeOf(signed), body)).toBe(
      signed['webhook-signature'],
    )
    expect(JSON.parse(body)).toMatchObject({
      type: 'job.ended',
      data: { job: { id: job, state: 'succeeded', reason: 'no-change' } },
    })
    const [delivery] = await deliveriesOf(hub, job)
    expect(delivery).toMatchObject({ state: 'delivered', tries: 1, status: 204 })
    expect(delivery?.id).toBe(headers['webhook-id'])
  })

  it('that fails, hangs, redirects and is unreachable gets retries under one id until it accepts', async () => {
    const { hub, sink, turn } = await open()
    const job = await endJob(hub, sink)
    const elsewhere = await startSink()
    sink.answers(500, HANG, redirect(elsewhere.url), (response) => response.destroy(), 200)
    const last = async () => {
      const [delivery] = await deliveriesOf(hub, job)
      return delivery?.error ?? delivery?.status
    }
    await turn()
    const seen = [await last()]
    for (const wait of [5000, 30_000, 120_000, 600_000]) {
      await turn(wait - MARGIN_MS)
      expect(sink.received).toHaveLength(seen.length)
      await turn(MARGIN_MS)
      seen.push(await last())
      expect(sink.received).toHaveLength(seen.length)
    }
    expect(seen).toEqual([500, 'the receiver did not respond in time', 302, 'ECONNRESET', 200])
    expect(new Set(sink.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(sink.received.map(({ body }) => body)).size).toBe(1)
    expect(elsewhere.received).toEqual([])
  })

  it('that answers 410 gets no retry until a resend is requested', async () => {
    const { hub, sink, turn } = await open()
    const job = await endJob(hub, sink)
    sink.answers(410, 200)
    await turn()
    await turn(1_000_000_000)
    expect(sink.received).toHaveLength(1)
    const { deliveries } = await hub.admin.call('listDeliveries', { query: { state: ['failed'] } })
    expect(deliveries).toMatchObject([{ jobId: job, status: 410, tries: 1 }])

    const params = { delivery: deliveries[0]?.id ?? '' }
    await hub.admin.call('resendDelivery', { params })
    await turn()
    expect(sink.received).toHaveLength(2)
    expect((await deliveriesOf(hub, job))[0]).toMatchObject({ state: 'delivered', status: 200 })
    expect(await hub.ledger.pendingDeliveries()).toBe(0)
  })

  it('gets the message again when the sender died before it recorded the delivery', async () => {
    const { hub, sink, turn } = await open()
    await endJob(hub, sink)
    const { ledger, clock } = hub
    const dying = {
      takeDelivery: (leaseMs: number) => ledger.takeDelivery(leaseMs, []),
      markDelivery: () => Promise.reject(new Error('killed here')),
    }
    const rules = { ports: [], allow: [{ host: '127.0.0.1', port: sink.port }] }
    const secrets = [new Secret(SECRET)]
    const context = {
      ledger: dying,
      send: makeSend({ rules, secrets, clock, version: '0' }),
      inFlight: new InFlight(),
      tally: new DeliveryTally(),
      random: randomBytes,
      clock,
      log: silentLog,
      probe: noProbe,
    }
    await deliverDue(context, never)
    await expect(context.inFlight.allDone()).rejects.toThrow('killed here')
    await turn(15_000 - MARGIN_MS)
    expect(sink.received).toHaveLength(1)
    await turn(MARGIN_MS)
    expect(sink.received).toHaveLength(2)
    const [first, second] = sink.received.map(({ headers }) => headers['webhook-id'])
    expect(second).toBe(first)
  })

  it('that hangs delays no other', async () => {
    const { hub, sink, turn } = await open()
    const other = 'https://hooks.example/'
    for (let jobs = 0; jobs < 3; jobs += 1) await endJob(hub, sink)
    await aLease(hub, { callbacks: [{ url: other, events: ['claimed'] }] })
    const stop = new AbortController()
    const stopped = once(stop.signal, 'abort')
    const started: string[] = []
    const hanging: Send = async ({ url }) => {
      started.push(url)
      if (url === other) return { kind: 'answered', status: 200, retryAfterMs: null }
      await stopped
      return { kind: 'unanswered', error: 'the hub stopped' }
    }
    const turned = turn(0, hanging, stop.signal)
    await expect.poll(() => started).toContain(other)
    expect(started).toEqual([sink.url, sink.url, other])
    stop.abort()
    await turned
  })

  it('whose delivery was interrupted by a stop of the hub is due at once', async () => {
    const { hub, sink, turn } = await open()
    const job = await endJob(hub, sink)
    const stop = new AbortController()
    const stopped: Send = async () => {
      stop.abort()
      return { kind: 'unanswered', error: 'the hub stopped' }
    }
    await turn(0, stopped, stop.signal)
    expect((await deliveriesOf(hub, job))[0]).toMatchObject({ state: 'pending', tries: 1 })
    await turn()
    expect(sink.received).toHaveLength(1)
  })

  it('also applies to the follow-up of its job', async () => {
    const { hub, sink, turn } = await open()
    const job = await endJob(hub, sink)
    const next = await hub.admin.call('retryJob', {
      params: { job },
      body: {},
    })
    await hub.admin.call('cancelJob', { params: { job: next.id } })
    await turn()
    const told = sink.received.map(({ body }) => body)
    expect(told).toHaveLength(2)
    expect(told.join(' ')).toContain(next.id)
  })

  it('is counted by outcome', async () => {
    const { hub, sink, turn } = await open()
    sink.answers(500, 410, 200)
    for (let jobs = 0; jobs < 3; jobs += 1) await endJob(hub, sink)
    await turn()
    const text = await (await hub.admin.call('metrics', {})).text()
    expect(text).toContain('millwright_callback_tries_total{outcome="pending"} 1')
    expect(text).toContain('millwright_callback_tries_total{outcome="failed"} 1')
    expect(text).toContain('millwright_callback_tries_total{outcome="delivered"} 1')
    expect(text).toContain('millwright_callbacks_pending 1')
  })
})

describe('the address of a callback', () => {
  it.each([
    'http://hooks.example/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://user:word@hooks.example/',
    'https://hooks.example:22/',
    'not an address',
  ])('%s is refused when the job is submitted, and no job is made', async (url) => {
    await using hub = await startTestHub()
    await expect(
      hub.admin.call('submitJob', { body: { ...aJob(), callbacks: [{ url }] } }),
    ).rejects.toMatchObject({
      code: 'callback-refused',
      fix: { text: expect.stringContaining('--callback-allow') },
    })
    expect(await hub.ledger.counts()).toEqual([])
  })

  it('is refused where the hub has no secret to sign with', async () => {
    await using hub = await startTestHub({ callbacks: null })
    const body = { ...aJob(), callbacks: [{ url: 'https://hooks.example/' }] }
    await expect(hub.admin.call('submitJob', { body })).rejects.toMatchObject({
      code: 'callbacks-off',
      fix: { text: expect.stringContaining('MILLWRIGHT_CALLBACK_SECRET') },
    })
    expect(await hub.admin.call('submitJob', { body: aJob() })).toMatchObject({ state: 'queued' })
  })

  it('may be one of eight, and no more', async () => {
    await using hub = await startTestHub()
    const callbacks = Array.from({ length: 9 }, () => ({ url: 'https://hooks.example/' }))
    await expect(
      hub.admin.call('submitJob', { body: { ...aJob(), callbacks } }),
    ).rejects.toMatchObject({ code: 'request-invalid' })
    const body = { ...aJob(), callbacks: callbacks.slice(1) }
    const { id } = await hub.admin.call('submitJob', { body })
    expect(await hub.ledger.callbacks(id)).toHaveLength(8)
  })
})

const timeOf = (headers: Readonly<Record<string, string>>): Date =>
  new Date(Number(headers['webhook-timestamp']) * 1000)
