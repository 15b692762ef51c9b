import { describe, expect, it } from 'vitest'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { answersIn, request, sendRaw, statusOf } from '../support/raw-http.ts'

const HOST = 'Host: localhost'
const LIVE = request('GET /livez', HOST)
const post = (...headers: readonly string[]) => request('POST /api/v1/jobs', HOST, ...headers)
const MORE = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Requests that a proxy and the hub may parse differently, or that are expensive to handle. */
const CORPUS: Readonly<Record<string, string>> = {
  'two lengths': `${post('Content-Length: 4', 'Content-Length: 60')}{}  ${MORE}`,
  'the same length twice': `${post('Content-Length: 4', 'Content-Length: 4')}{}  ${MORE}`,
  'length and chunks': `${post('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${MORE}`,
  'chunks and length': `${post('Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n${MORE}`,
  'an unknown encoding': `${post('Transfer-Encoding: xchunked')}0\r\n\r\n${MORE}`,
  'chunks not last': `${post('Transfer-Encoding: chunked, identity')}0\r\n\r\n${MORE}`,
  'a length with a sign': `${post('Content-Length: +4')}{}  ${MORE}`,
  'a negative length': `${post('Content-Length: -1')}${MORE}`,
  'a huge length': `${post(`Content-Length: ${'9'.repeat(40)}`)}${MORE}`,
  'a wrong chunk size': `${post('Transfer-Encoding: chunked')}zz\r\n${MORE}`,
  'a space before the colon': request('GET /livez', HOST, 'Content-Length : 4'),
  'a folded header': request('GET /livez', HOST, 'X-A: one', ' Content-Length: 4'),
  'a NUL in a header': request('GET /livez', HOST, 'X-A: one\0two'),
  'a bare CR in a header': request('GET /livez', HOST, 'X-A: one\rX-B: two'),
  'no host': request('GET /livez'),
  'two hosts': request('GET /livez', HOST, 'Host: evil.example'),
  'a whole address': request('GET http://evil.example/livez', HOST),
  'no path': request('GET livez', HOST),
  'a broken escape': request('GET /api/v1/jobs/%zz', HOST),
  'no HTTP at all': 'hello there\r\n\r\n',
  'HTTP/2 at once': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a TLS greeting': '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  'a connect': request('CONNECT evil.example:443', HOST),
  'a header of 17 KiB': request('GET /livez', HOST, `X-A: ${'a'.repeat(17 * 1024)}`),
  'a thousand headers': request(
    'GET /livez',
    HOST,
    ...Array.from({ length: 1000 }, (_, index) => `X-Header-${index}: ${index}`),
  ),
  'a path of 17 KiB': request(`GET /${'a'.repeat(17 * 1024)}`, HOST),
  'a chunk with a long remark': `${post('Transfer-Encoding: chunked')}1;${'a'.repeat(20_000)}\r\n`,
}

describe('T34: requests no client sends', () => {
  it.each(Object.entries(CORPUS))('%s is refused, once, and nothing follows', async (_, bytes) => {
    await using hub = await startTestHub()

    const answer = await sendRaw(hub.port, bytes)

    expect(statusOf(answer) === 0 || statusOf(answer) >= 400).toBe(true)
    expect(statusOf(answer)).toBeLessThan(500)
    expect(answersIn(answer)).toBeLessThanOrEqual(1)
    expect(statusOf(await sendRaw(hub.port, LIVE))).toBe(200)
  })

  it('a body where none belongs is not taken for the next request', async () => {
    await using hub = await startTestHub()
    const answer = await sendRaw(
      hub.port,
      `${request('GET /livez', HOST, `Content-Length: ${MORE.length}`)}${MORE}`,
    )
    expect([statusOf(answer), answersIn(answer)]).toEqual([200, 1])
  })

  it('an upgrade is not taken', async () => {
    await using hub = await startTestHub()
    const headers = [HOST, 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==']
    expect(statusOf(await sendRaw(hub.port, request('GET /livez', ...headers)))).toBe(200)
  })

  it('a client that never finishes its headers is dropped', async () => {
    await using hub = await startTestHub({ limits: { headersMs: 50 } })
    const answer = await sendRaw(hub.port, 'GET /livez HTTP/1.1\r\nHost: localh')
    expect(statusOf(answer)).toBe(408)
    // A worker with a slow connection retries; an answer of `request-invalid` would stop it.
    expect(answer).toContain('"code":"request-incomplete"')
  })

  it('a client that sends nothing is dropped', async () => {
    await using hub = await startTestHub({ limits: { idleMs: 50 } })
    expect(await sendRaw(hub.port)).toBe('')
  })

  it('a client that never finishes its body is dropped, even one that may come in', async () => {
    await using hub = await startTestHub({ limits: { bodyMs: 50 } })
    const token = `Authorization: Bearer ${hub.adminToken}`
    const head = post(token, 'Content-Type: application/json', 'Content-Length: 1000')
    expect(await sendRaw(hub.port, head, '{"kind"')).toBe('')
  })

  it('an upload that stops is dropped', async () => {
    await using hub = await startTestHub({ limits: { idleMs: 100 } })
    const { job, attempt, token } = await leased(hub)
    const path = `PUT /api/v1/leases/${job}/${attempt}/artifacts/a`
    const head = request(path, HOST, `Authorization: Bearer ${token}`, 'Content-Length: 1000')
    expect(await sendRaw(hub.port, head, 'some')).toBe('')
    expect(await hub.ledger.artifacts(job)).toEqual([])
  })

  it('a stranger’s body is not waited for', async () => {
    await using hub = await startTestHub()
    const answer = await sendRaw(hub.port, post('Content-Length: 1000000'), '{')
    expect(statusOf(answer)).toBe(401)
    expect(answer).toMatch(/^connection: close/im)
  })
})

async function leased(hub: TestHub) {
  const { lease } = await aLease(hub)
  return { job: lease.job.id, attempt: lease.attempt, token: lease.token }
}
