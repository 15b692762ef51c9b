import { once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aFence, aGateway, aModelServer, textOf } from '../support/gateway.ts'

const KEY = 'the-real-key'

const settings = (url: string) => ({
  upstreams: {
    anthropic: { baseUrl: url, apiKey: KEY },
    openai: { baseUrl: `${url}/v1`, apiKey: KEY },
  },
})

type Seen = { url: string | undefined; headers: http.IncomingHttpHeaders; body: string }

/** A model server that answers with JSON and records its requests. */
async function aRememberingServer(): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const url = await aModelServer(async (request, response) => {
    seen.push({ url: request.url, headers: request.headers, body: await textOf(request) })
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' })
    response.end('{"ok":true}')
  })
  return { url, seen }
}

describe('a door', () => {
  it('puts the real key in the place of the dummy key, which never passes', async () => {
    const { url, seen } = await aRememberingServer()
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())

    await fetch(`${door.baseUrl}/openai/v1/responses?x=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${door.token}`, cookie: 'c=d', 'x-agent': 'codex' },
      body: '{"model":"m"}',
    })
    await fetch(`${door.baseUrl}/anthropic/v1/messages?beta=true`, {
      method: 'POST',
      headers: { 'x-api-key': door.token, 'anthropic-version': '2023-06-01' },
      body: '{"model":"m"}',
    })

    expect(seen.map((request) => request.url)).toEqual([
      '/v1/responses?x=1',
      '/v1/messages?beta=true',
    ])
    expect(seen[0]!.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-agent': 'codex' })
    expect(seen[0]!.headers).not.toHaveProperty('cookie')
    expect(seen[1]!.headers).toMatchObject({
      'x-api-key': KEY,
      'anthropic-version': '2023-06-01',
    })
    expect(JSON.stringify(seen)).not.toContain(door.token)
  })

  it('forwards no cookie of the upstream', async () => {
    const { url } = await aRememberingServer()
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    const response = await ask(door)
    expect(await response.json()).toEqual({ ok: true })
    expect(response.headers.get('set-cookie')).toBeNull()
  })

  it('is shut to a wrong key, to no key, and to its own key once it is closed', async () => {
    const { url, seen } = await aRememberingServer()
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    await gateway.close(door.token)

    const closed = await ask(door)
    const wrong = await ask({ ...door, token: 'mw_guess' })
    const none = await fetch(`${door.baseUrl}/anthropic/v1/messages`, { method: 'POST' })

    expect([closed.status, wrong.status, none.status]).toEqual([401, 401, 401])
    expect(await none.json()).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error' },
    })
    expect(await closed.json()).toMatchObject({ error: { code: 'door-closed' } })
    expect(seen).toEqual([])
  })

  it('refuses web pages and other host names', async () => {
    const { url, seen } = await aRememberingServer()
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())

    const page = await ask(door, { origin: 'http://127.0.0.1:3000' })
    const rebound = await rawStatus(door.baseUrl, { host: 'evil.example' }, door.token)

    expect(page.status).toBe(403)
    expect(rebound).toBe(403)
    expect(seen).toEqual([])
  })

  it('aborts an answer in flight when it closes', async () => {
    const url = await aModelServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
    })
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    const response = await ask(door)
    await gateway.close(door.token)
    await expect(response.text()).rejects.toThrow(/terminated/)
  })
})

describe('an answer', () => {
  it('is streamed: its first piece arrives before the second is sent', async () => {
    const upstream = Promise.withResolvers<http.ServerResponse>()
    const url = await aModelServer((_request, response) => upstream.resolve(response))
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    const asked = ask(door)
    const sending = await upstream.promise

    sending.writeHead(200, { 'content-type': 'text/event-stream' })
    sending.flushHeaders()
    const response = await asked
    const reader = response.body!.getReader()
    sending.write('data: first\n\n')
    const first = await reader.read()
    sending.end('data: second\n\n')
    const second = await reader.read()

    expect(Buffer.from(first.value).toString()).toBe('data: first\n\n')
    expect(Buffer.from(second.value).toString()).toBe('data: second\n\n')
  })

  it('is not sent faster than the agent reads', async () => {
    const paused = Promise.withResolvers<number>()
    const url = await aModelServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      let sent = 0
      const piece = Buffer.alloc(64 * 1024)
      const fill = (): void => {
        while (response.write(piece)) sent += piece.length
      }
      fill()
      // When every buffer on the way is full, writing stops.
      let idle = setTimeout(() => paused.resolve(sent), 500)
      response.on('drain', () => {
        clearTimeout(idle)
        idle = setTimeout(() => paused.resolve(sent), 500)
        fill()
      })
    })
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    const response = await ask(door)
    expect(await paused.promise).toBeLessThan(64 * 1024 * 1024)
    await response.body!.cancel()
  })

  it('is aborted upstream when the agent disconnects', async () => {
    const abandoned = Promise.withResolvers<void>()
    const url = await aModelServer((_request, response) => {
      response.on('close', () => abandoned.resolve())
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
    })
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    const response = await ask(door)
    await response.body!.cancel()
    await expect(abandoned.promise).resolves.toBeUndefined()
  })

  it('keeps the status and body of an upstream error', async () => {
    const url = await aModelServer((_request, response) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' })
      response.end('{"error":{"message":"slow down"}}')
    })
    const gateway = await aGateway(settings(url))
    const response = await ask(await gateway.open(aFence()))
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('7')
    expect(await response.json()).toEqual({ error: { message: 'slow down' } })
  })
})

describe('the gateway', () => {
  it('answers 502 in the dialect’s error format when the upstream is unreachable', async () => {
    const gateway = await aGateway(settings('http://127.0.0.1:1'))
    const door = await gateway.open(aFence())
    const openai = await ask(door)
    const anthropic = await ask(door, {}, '/anthropic/v1/messages')

    expect([openai.status, anthropic.status]).toEqual([502, 502])
    expect(await openai.json()).toMatchObject({ error: { code: 'upstream-unreachable' } })
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'api_error' } })
    expect(openai.headers.get('x-millwright-error')).toBe('upstream-unreachable')
  })

  it('forwards the answer of a model also if the host cannot be recorded on disk', async () => {
    const { url } = await aRememberingServer()
    const hosts = join(process.execPath, 'not-a-folder')
    const gateway = await aGateway({ ...settings(url), hosts })
    const response = await ask(await gateway.open(aFence()))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ok: true })
  })

  it('names the setting when it has no upstream for the dialect', async () => {
    const gateway = await aGateway({})
    const response = await ask(await gateway.open(aFence()))
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('--upstream-openai')
  })

  it('refuses a request that is too large', async () => {
    const { url, seen } = await aRememberingServer()
    const gateway = await aGateway(settings(url))
    const door = await gateway.open(aFence())
    const request = http.request(`${door.baseUrl}/openai/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${door.token}` },
    })
    request.on('error', () => {})
    const answered = once(request, 'response')
    const piece = Buffer.alloc(1024 * 1024)
    for (let sent = 0; sent <= 64 && !request.destroyed; sent += 1) {
      if (!request.write(piece)) await Promise.race([once(request, 'drain'), answered])
    }
    const [response]: http.IncomingMessage[] = await answered
    expect(response!.statusCode).toBe(413)
    expect(seen).toEqual([])
    request.destroy()
  })

  it('answers to unknown paths and to upgrades with 404, and to HEAD without a key', async () => {
    const gateway = await aGateway({})
    const door = await gateway.open(aFence())
    const unknown = await ask(door, {}, '/openai/v1/files')
    const head = await fetch(`${door.baseUrl}/`, { method: 'HEAD' })
    const socket = connect(Number(new URL(door.baseUrl).port), '127.0.0.1')
    socket.write(
      'GET /openai/v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    )
    expect(unknown.status).toBe(404)
    expect(head.status).toBe(200)
    expect(await textOf(socket)).toMatch(/^HTTP\/1.1 404/)
  })
})

const ask = (
  door: { baseUrl: string; token: string },
  headers: Record<string, string> = {},
  path = '/openai/v1/responses',
): Promise<Response> =>
  fetch(door.baseUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${door.token}`, ...headers },
    body: '{"model":"m"}',
  })

/** Used because fetch does not allow setting the Host header. */
async function rawStatus(
  baseUrl: string,
  headers: Record<string, string>,
  token: string,
): Promise<number | undefined> {
  const request = http.request(`${baseUrl}/openai/v1/responses`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${token}` },
  })
  request.end('{}')
  const [response]: http.IncomingMessage[] = await once(request, 'response')
  response!.resume()
  return response!.statusCode
}
