import { createServer } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Dialect } from '../../src/hub/dialect.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aJob } from '../support/jobs.ts'
import { request, sendRaw, statusOf } from '../support/raw-http.ts'
import { TOY_BYTES_MAX, toyDialect } from '../support/toy-dialect.ts'

const ADA = { 'x-toy-token': 'ada' }
const LOOPBACK = { host: '127.0.0.1', port: 0 }
const json = { 'content-type': 'application/json' }

const withToy = (changes: Partial<Dialect> = {}): Promise<TestHub> =>
  startTestHub({ dialects: [toyDialect(changes)] })

const bearer = (hub: TestHub): Record<string, string> => ({
  authorization: `Bearer ${hub.adminToken}`,
})

/** The status and the body, in short. */
async function said(response: Response): Promise<readonly [number, string | null, string]> {
  return [response.status, response.headers.get('content-type'), await response.text()]
}
const inToy = (status: number, code: string) => [status, 'text/toy', `toy: ${code}`]
const inOurs = (status: number, code: string) => [
  status,
  expect.stringMatching(/^application\/problem\+json/),
  expect.stringContaining(`"code":"${code}"`),
]

const submit = (hub: TestHub, body: string, headers: Record<string, string> = ADA) =>
  fetch(`${hub.url}/toy/jobs`, { method: 'POST', body, headers: { ...json, ...headers } })

describe('a dialect', () => {
  it('submits a job that our own API shows, under the name of its own principal', async () => {
    await using hub = await withToy()

    const response = await submit(hub, JSON.stringify({ group: 'toys', labels: [] }))
    const { ticket } = JSON.parse(await response.text())

    expect(response.status).toBe(202)
    const job = await hub.admin.call('getJob', { params: { job: ticket } })
    expect(job).toMatchObject({ submittedBy: 'ada', group: 'toys' })
    const own = await fetch(`${hub.url}/toy/jobs/${ticket}`, { headers: ADA })
    expect(await own.json()).toEqual({ state: 'queued' })
  })

  it('knows none of our credentials, nor do we know its own', async () => {
    await using hub = await withToy()
    expect(await said(await submit(hub, '{}', bearer(hub)))).toEqual(inToy(401, 'token-missing'))
    const ours = await fetch(`${hub.url}/api/v1/jobs`, { headers: ADA })
    expect(await said(ours)).toEqual(inOurs(401, 'token-missing'))
  })

  it('asks for credentials at its own routes alone, and never at a public one', async () => {
    const asked: string[] = []
    const toy = toyDialect()
    await using hub = await withToy({
      admit: (knock, desk) => {
        asked.push(String(knock.headers['x-toy-token']))
        return toy.admit(knock, desk)
      },
    })
    await hub.admin.call('listJobs', {})
    await fetch(`${hub.url}/toy/hello`, { headers: { 'x-toy-token': 'hello' } })
    await submit(hub, '{}')
    expect(asked).toEqual(['ada'])
  })

  it.each([
    ['an unknown route', '/toy/none', 404, 'route-unknown'],
    ['its bare prefix', '/toy', 404, 'route-unknown'],
    ['an unknown route below another prefix', '/toys/none?a=1', 404, 'route-unknown'],
    ['an address that cannot be decoded', '/toy/jobs/%zz', 400, 'request-invalid'],
    ['an unknown job', '/toy/jobs/019a0000-0000-7000-8000-000000000000', 404, 'job-not-found'],
    ['a bug, without its innards', '/toy/bug', 500, 'hub-error'],
  ])('answers %s in its own form', async (_, path, status, code) => {
    await using hub = await withToy()
    expect(await said(await fetch(hub.url + path, { headers: ADA }))).toEqual(inToy(status, code))
  })

  it.each([
    ['an unknown route', '/api/v1/none', 404, 'route-unknown'],
    ['a name that only begins like its prefix', '/toyshop', 404, 'route-unknown'],
    ['an address that cannot be decoded', '/api/v1/jobs/%zz', 400, 'request-invalid'],
  ])('leaves %s to our own API', async (_, path, status, code) => {
    await using hub = await withToy()
    const response = await fetch(hub.url + path, { headers: bearer(hub) })
    expect(await said(response)).toEqual(inOurs(status, code))
  })

  it('refuses unreadable, odd and too large JSON in its own form and by its own limit', async () => {
    await using hub = await withToy()
    const large = JSON.stringify({ locks: ['a'.repeat(TOY_BYTES_MAX)] })

    expect(await said(await submit(hub, '{'))).toEqual(inToy(400, 'request-invalid'))
    const deep = `${'['.repeat(80)}${']'.repeat(80)}`
    expect(await said(await submit(hub, deep))).toEqual(inToy(400, 'request-invalid'))
    expect(await said(await submit(hub, large))).toEqual(inToy(413, 'body-too-large'))
    const ours = await hub.admin.call('submitJob', {
      body: aJob({ locks: Array.from({ length: 40 }, (_, n) => `${n}${'a'.repeat(100)}`) }),
    })
    expect(ours.locks).toHaveLength(40)
  })

  it('gets bodies of any type as a stream, and refuses one that says it is too long', async () => {
    await using hub = await withToy()
    const put = (body: string, type: string) =>
      fetch(`${hub.url}/toy/files/a`, {
        method: 'PUT',
        body,
        headers: { 'x-toy-token': 'drone', 'content-type': type },
      })
    const form = 'multipart/form-data; boundary=x'

    const taken = await put('--x--\r\n', form)

    expect([taken.headers.get('x-sent-as'), await taken.text()]).toEqual([form, '--x--\r\n'])
    const long = await put('a'.repeat(TOY_BYTES_MAX + 1), 'application/json')
    expect(await said(long)).toEqual(inToy(413, 'body-too-large'))
  })

  it('reads a body without a length only up to its limit', async () => {
    await using hub = await withToy()
    const put = (...sizes: readonly number[]) =>
      sendRaw(
        hub.port,
        'PUT /toy/files/a HTTP/1.1\r\nHost: localhost\r\nX-Toy-Token: drone\r\n' +
          'Content-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
        ...sizes.map((size) => `${size.toString(16)}\r\n${'a'.repeat(size)}\r\n`),
        '0\r\n\r\n',
      )
    const taken = await put(TOY_BYTES_MAX - 1, 1)
    const refused = await put(TOY_BYTES_MAX, 1)

    expect([statusOf(taken), statusOf(refused)]).toEqual([200, 413])
    expect(refused).toContain('toy: body-too-large')
  })

  it('sends its own headers with every answer, and none of our own API', async () => {
    await using hub = await withToy()
    const headersOf = async (path: string) => {
      const { headers } = await fetch(hub.url + path)
      return [headers.get('x-toy'), headers.get('content-security-policy') !== null]
    }
    for (const path of ['/toy/hello', '/toy/none', '/toy/jobs/1', '/toy/jobs/%zz']) {
      expect(await headersOf(path), path).toEqual(['yes', false])
    }
    for (const path of ['/livez', '/none', '/api/v1/jobs', '/api/v1/jobs/%zz']) {
      expect(await headersOf(path), path).toEqual([null, true])
    }
  })

  it('refuses foreign pages as our own API does, in its own error format', async () => {
    await using hub = await withToy()
    const origin = { origin: 'https://evil.example' }
    const response = await fetch(`${hub.url}/toy/hello`, { headers: origin })
    expect(await said(response)).toEqual(inToy(403, 'origin-refused'))
  })

  it('with a route outside of its prefixes does not start', async () => {
    await expect(withToy({ prefixes: ['/toys'] })).rejects.toThrow(
      'the route GET /toy/hello is outside the prefixes of its dialect toy',
    )
  })

  it('with a route that does not say who may use it does not start', async () => {
    const toy = toyDialect()
    const open = toyDialect({
      routes: (desk) =>
        toy.routes(desk).map((route) => Object.assign(route, { access: undefined })),
    })
    await expect(startTestHub({ dialects: [open] })).rejects.toThrow('has no access policy')
  })
})

describe('a dialect with a port of its own', () => {
  const apart = { listen: LOOPBACK, prefixes: ['/'] }

  it('answers only there, and every request there in its own format', async () => {
    await using hub = await withToy(apart)
    const url = hub.urls.get('toy')

    expect((await fetch(`${url}/toy/hello`)).status).toBe(200)
    expect(await said(await fetch(`${hub.url}/toy/hello`))).toEqual(inOurs(404, 'route-unknown'))
    const ours = await fetch(`${url}/api/v1/jobs`, { headers: bearer(hub) })
    expect(await said(ours)).toEqual(inToy(404, 'route-unknown'))
    expect(ours.headers.get('x-toy')).toBe('yes')
    const broken = await fetch(`${url}/toy/jobs/%zz`, { headers: ADA })
    expect(await said(broken)).toEqual(inToy(400, 'request-invalid'))
  })

  it('has the same guards and limits of connections', async () => {
    await using hub = await withToy(apart)
    const port = Number(URL.parse(hub.urls.get('toy') ?? '')?.port)

    const stranger = await sendRaw(port, request('GET /toy/hello', 'Host: evil.example'))
    const nonsense = await sendRaw(port, 'hello there\r\n\r\n')
    const flood = await sendRaw(
      port,
      request('GET /toy/hello', 'Host: localhost', `X-A: ${'a'.repeat(17 * 1024)}`),
    )

    expect(stranger).toContain('toy: host-refused')
    expect(nonsense).toContain('toy: request-invalid')
    expect(nonsense).toContain('x-toy: yes\r\n')
    expect(flood).toMatch(/^HTTP\/1.1 431 /)
  })

  it('is refused unless it answers for every path there', async () => {
    await expect(withToy({ ...apart, prefixes: ['/toy'] })).rejects.toThrow(
      'has no dialect with the prefix "/"',
    )
  })

  it('closes with the hub', async () => {
    await using hub = await withToy(apart)
    await hub.close()
    await expect(fetch(`${hub.urls.get('toy')}/toy/hello`)).rejects.toThrow('fetch failed')
  })

  it('may be reached from other machines only behind a proxy', async () => {
    const listen = { host: '0.0.0.0', port: 0 }
    await expect(withToy({ ...apart, listen })).rejects.toMatchObject({ code: 'bind-refused' })
  })

  it('keeps the whole hub from starting when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0

    await expect(withToy({ ...apart, listen: { ...LOOPBACK, port } })).rejects.toMatchObject({
      code: 'port-taken',
      details: { port },
    })
    other.close()
  })
})
