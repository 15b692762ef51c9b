import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { HANG, redirect, type Sink } from '../../test/support/serve-sink.ts'
import { startSink } from '../../test/support/sink.ts'
import { Secret } from '../domain/secret.ts'
import { systemClock } from '../platform/clock.ts'
import { makeSend, type Sending } from './send.ts'
import { callbackSecretOf } from './sign.ts'

const SECRET = callbackSecretOf(randomBytes(32))
const PORTS = [443, 80]
const ID = 'msg_019000000000700080000000000000aa_00000003_1'
const never = new AbortController().signal

const allowing = (sink: Sink, host = '127.0.0.1') => ({
  ports: PORTS,
  allow: [{ host, port: sink.port }],
})

/** Sends one message with a hub's settings, except for `differences`. */
async function send(url: string, differences: Partial<Sending>, signal = never) {
  const sending: Sending = {
    rules: { ports: PORTS, allow: [] },
    secrets: [new Secret(SECRET)],
    clock: systemClock,
    version: '0.1.0',
    ...differences,
  }
  return makeSend(sending)({ id: ID, url, body: '{"type":"job.ended"}' }, signal)
}

describe('a message', () => {
  it('arrives as it is in the outbox, and another implementation verifies it', async () => {
    const sink = await startSink()
    const sent = await send(sink.url, { rules: allowing(sink) })
    expect(sent).toEqual({ kind: 'answered', status: 204, retryAfterMs: null })
    const [{ headers, body } = { headers: {}, body: '' }] = sink.received
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'millwright/0.1.0',
      'webhook-id': ID,
    })
    expect(body).toBe('{"type":"job.ended"}')
    expect(new Webhook(SECRET).verify(body, signed(headers))).toEqual({ type: 'job.ended' })
  })

  it('is verified with the old secret and with the new one while both are set', async () => {
    const sink = await startSink()
    const old = callbackSecretOf(randomBytes(24))
    const secrets = [new Secret(SECRET), new Secret(old)]
    await send(sink.url, { rules: allowing(sink), secrets })
    const [{ headers, body } = { headers: {}, body: '' }] = sink.received
    for (const secret of [SECRET, old]) {
      expect(new Webhook(secret).verify(body, signed(headers))).toBeDefined()
    }
    const other = new Webhook(callbackSecretOf(randomBytes(32)))
    expect(() => other.verify(body, signed(headers))).toThrow(/signature/)
  })

  it('does not verify once any byte of it, its id or its time was changed, or when it is old', async () => {
    const sink = await startSink()
    await send(sink.url, { rules: allowing(sink) })
    const [{ headers, body } = { headers: {}, body: '' }] = sink.received
    const webhook = new Webhook(SECRET)
    for (let at = 0; at < body.length; at += 1) {
      const flipped = String.fromCodePoint((body.codePointAt(at) ?? 0) ^ 1)
      const changed = body.slice(0, at) + flipped + body.slice(at + 1)
      expect(() => webhook.verify(changed, signed(headers))).toThrow(/signature/)
    }
    const respaced = JSON.stringify(JSON.parse(body), null, 1)
    expect(() => webhook.verify(respaced, signed(headers))).toThrow(/signature/)
    const other = { ...signed(headers), 'webhook-id': `${ID}0` }
    expect(() => webhook.verify(body, other)).toThrow(/signature/)
    const later = Number(headers['webhook-timestamp']) + 1
    const moved = { ...signed(headers), 'webhook-timestamp': String(later) }
    expect(() => webhook.verify(body, moved)).toThrow(/signature/)

    const clock = { ...systemClock, now: () => Date.now() - 6 * 60_000 }
    await send(sink.url, { rules: allowing(sink), clock })
    const stale = signed(sink.received[1]?.headers ?? {})
    expect(() => webhook.verify(body, stale)).toThrow(/too old/)
  })
})

describe('a receiver', () => {
  it('that redirects is not followed', async () => {
    const [sink, inside] = [await startSink(), await startSink()]
    sink.answers(redirect(inside.url))
    expect(await send(sink.url, { rules: allowing(sink) })).toMatchObject({ status: 302 })
    expect(inside.received).toEqual([])
  })

  it('that never answers is given up in time', async () => {
    const sink = await startSink()
    sink.answers(HANG)
    const sent = await send(sink.url, { rules: allowing(sink), tryMs: 100 })
    expect(sent).toEqual({ kind: 'unanswered', error: 'the receiver did not respond in time' })
  })

  it.each([
    ['without end', 0],
    ['and falls silent', 1],
  ])('that answers %s has answered all the same, and nothing of it is kept', async (_, parts) => {
    const sink = await startSink()
    sink.answers((response) => {
      response.writeHead(200)
      const write = (left: number): void =>
        void response.write('x'.repeat(16_384), (error) => {
          if (error === null || error === undefined) {
            if (left !== 1) write(left - 1)
          }
        })
      write(parts)
    })
    const sent = await send(sink.url, { rules: allowing(sink), tryMs: 500 })
    expect(sent).toEqual({ kind: 'answered', status: 200, retryAfterMs: null })
  })

  it('that sends Retry-After is obeyed', async () => {
    const sink = await startSink()
    const clock = { ...systemClock, now: () => Date.parse('2026-08-01T00:00:00Z') }
    sink.answers(saying('120'), saying('Sat, 01 Aug 2026 00:01:00 GMT'), saying('soon'))
    const rests = []
    for (let tries = 0; tries < 3; tries += 1) {
      const sent = await send(sink.url, { rules: allowing(sink), clock })
      rests.push(sent.kind === 'answered' ? sent.retryAfterMs : 'none')
    }
    expect(rests).toEqual([120_000, 60_000, null])
  })

  it('at an https address is spoken to in TLS or not at all', async () => {
    const sink = await startSink()
    const url = sink.url.replace('http:', 'https:')
    expect(await send(url, { rules: allowing(sink) })).toMatchObject({
      error: expect.stringMatching(/^(?:EPROTO|ERR_SSL)/),
    })
    expect(sink.received).toEqual([])
  })

  it('that is unreachable or closes the connection gives the code of the error', async () => {
    const sink = await startSink()
    sink.answers((response) => response.destroy())
    expect(await send(sink.url, { rules: allowing(sink) })).toMatchObject({ error: 'ECONNRESET' })
    const rules = { ports: PORTS, allow: [{ host: '127.0.0.1', port: 1 }] }
    expect(await send('http://127.0.0.1:1/', { rules })).toMatchObject({ error: 'ECONNREFUSED' })
  })

  it('that hangs is abandoned when the hub stops', async () => {
    const sink = await startSink()
    sink.answers(HANG)
    const stop = new AbortController()
    const sending = send(sink.url, { rules: allowing(sink) }, stop.signal)
    await sink.count(1)
    stop.abort()
    expect(await sending).toEqual({
      kind: 'unanswered',
      error: 'the hub stopped before the receiver responded',
    })
  })
})

describe('a name', () => {
  it.each([['127.0.0.1'], ['93.184.216.34', '10.0.0.1'], ['::1'], ['::ffff:169.254.169.254']])(
    'that leads to %s is not called',
    async (...addresses) => {
      const sent = await send('https://hooks.example/', { resolve: to(...addresses) })
      expect(sent).toMatchObject({ kind: 'unanswered', error: expect.stringMatching(/not public/) })
    },
  )

  it('is resolved once for each try, and only that address is connected to', async () => {
    const sink = await startSink()
    let asked = 0
    const resolve = async () => {
      asked += 1
      // The second answer would be another place, as of a name that rebinds.
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.9', family: 4 }]
    }
    const rules = allowing(sink, 'hooks.example')
    const sent = await send(`http://hooks.example:${sink.port}/`, { rules, resolve })
    expect(sent).toMatchObject({ status: 204 })
    expect(asked).toBe(1)
    expect(sink.received[0]?.headers.host).toBe(`hooks.example:${sink.port}`)
  })

  it('that resolves differently after the job was submitted is checked again', async () => {
    const answers = [to('93.184.216.34'), to('127.0.0.1')]
    const resolve = () => (answers.shift() ?? to())()
    await resolve()
    const sent = await send('https://hooks.example/', { resolve })
    expect(sent).toMatchObject({ error: expect.stringMatching(/not public/) })
  })

  it('that is unknown, or whose resolver hangs, is an error like any other', async () => {
    const sent = await send('https://hooks.example/', { resolve: unknown })
    expect(sent).toEqual({ kind: 'unanswered', error: 'ENOTFOUND' })
    const late = await send('https://hooks.example/', { resolve: hanging, tryMs: 50 })
    expect(late).toEqual({ kind: 'unanswered', error: 'the receiver did not respond in time' })
  })

  it('that the rules now forbid is not even resolved', async () => {
    const sent = await send('http://hooks.example/', { resolve: unwanted })
    expect(sent).toEqual({ kind: 'unanswered', error: 'the URL is refused: it does not use https' })
  })
})

const saying = (value: string) => (response: ServerResponse) =>
  void response.writeHead(429, { 'retry-after': value }).end()

const to =
  (...addresses: readonly string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

const unknown = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))
const hanging = () => new Promise<never>(() => {})
const unwanted = () => Promise.reject(new Error('was asked'))

const signed = (headers: IncomingHttpHeaders) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
})
