import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { request, validateHeaderValue } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { assert, asyncProperty, property, string, uint8Array } from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { attachmentNamed } from '../../src/hub/artifact-headers.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'

const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/** Names of all files that the hub's artifact store holds. */
async function storedFiles({ folder }: TestHub): Promise<readonly string[]> {
  const path = join(folder, 'artifacts')
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

type Answer = {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: string
}

/** Sends a path unchanged: an ordinary client would normalize dots and slashes. */
async function send(
  hub: TestHub,
  {
    method,
    path,
    token,
    body = '',
  }: Record<'method' | 'path' | 'token', string> & { body?: string },
): Promise<Answer> {
  const sent = request({
    port: hub.port,
    host: '127.0.0.1',
    method,
    path,
    headers: { authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body) },
  })
  sent.end(body)
  const [response] = await once(sent, 'response')
  return {
    status: response.statusCode,
    headers: response.headers,
    body: await text(response),
  }
}

const percent = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** Names, as written in a URL, that a program could take for a path, a header or an injection. */
const HOSTILE = [
  '.',
  '..',
  '...',
  '.hidden',
  '-rf',
  '~root',
  'a//b',
  'a/../b',
  'a/.b',
  '/a',
  'a/',
  '../../ledger.db',
  '..%2f..%2fledger.db',
  '%2e',
  '%2e%2e',
  '%2E%2E%2Fledger.db',
  '%252e%252e%252fledger.db',
  '%2e%2e%5cledger.db',
  '..\\ledger.db',
  '%2fetc%2fpasswd',
  '/etc/passwd',
  'C:%5cboot.ini',
  'file:%2f%2f%2fetc%2fpasswd',
  '%c0%ae%c0%ae%c0%af',
  '%e0%80%ae%e0%80%ae',
  '%f0%80%80%ae',
  '%ff%fe',
  '%',
  '%zz',
  'a%00b',
  'a%0d%0aSet-Cookie:%20stolen=1',
  'a%0aX-Split:%201',
  'a%E2%80%AEcod.exe',
  'a%22;%20filename=%22b',
  'na%C3%AFve.txt',
  'a%20b',
  'a%09b',
  'a;b',
  'a'.repeat(129),
  'a'.repeat(600),
  'a'.repeat(1000),
  'a%2f..%2fb',
  'a%2f%2fb',
  'a%2f.b',
  '%61'.repeat(129),
  '',
]

describe('T13: an artifact name', () => {
  it('that could mean anything but a name is refused at every route, and no file comes of it', async () => {
    await using hub = await startTestHub()
    const { lease, params } = await aLease(hub)
    const ofLease = `/api/v1/leases/${params.job}/${params.attempt}`
    const tries = HOSTILE.flatMap((name) => [
      { method: 'PUT', path: `${ofLease}/artifacts/${name}`, token: lease.token },
      { method: 'PUT', path: `${ofLease}/salvage/${name}`, token: hub.workerToken },
      { method: 'GET', path: `${ofLease}/continues/${name}`, token: lease.token },
      { method: 'GET', path: `${ofLease}/inputs/${name}`, token: lease.token },
      { method: 'GET', path: `${ofLease}/kept/1/${name}`, token: lease.token },
      {
        method: 'GET',
        path: `/api/v1/jobs/${params.job}/artifacts/${params.attempt}/${name}`,
        token: hub.adminToken,
      },
    ])

    for (const attempt of tries) {
      const { status, headers, body } = await send(hub, { ...attempt, body: '' })
      expect([400, 404, 414], `${attempt.method} ${attempt.path}: ${body}`).toContain(status)
      expect(headers['content-type'], attempt.path).toMatch(/^application\/problem\+json/)
      expect(Object.keys(headers), attempt.path).not.toContain('x-split')
      expect(headers['set-cookie'], attempt.path).toBeUndefined()
    }

    expect(await storedFiles(hub)).toEqual([])
    expect(await hub.ledger.artifacts(params.job)).toEqual([])
  })

  it('of any bytes is refused or stored, and then only its digest is a file', async () => {
    await using hub = await startTestHub()
    const { lease, params } = await aLease(hub)
    const ofLease = `/api/v1/leases/${params.job}/${params.attempt}/artifacts`
    const before = await readdir(hub.folder, { recursive: true })

    await assert(
      asyncProperty(uint8Array({ minLength: 1, maxLength: 8 }), async (name) => {
        const { status } = await send(hub, {
          method: 'PUT',
          path: `${ofLease}/${percent(name)}`,
          token: lease.token,
          body: 'words',
        })
        const fine = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/.test(
          Buffer.from(name).toString('latin1'),
        )
        expect(status).toBe(fine ? 200 : 400)
      }),
      {
        numRuns: 200,
        examples: [[Buffer.from('a..b')], [Buffer.from('CON')], [Buffer.from('x/y')]],
      },
    )

    const added = (await readdir(hub.folder, { recursive: true })).filter(
      (path) => !before.includes(path),
    )
    const shard = join('artifacts', 'blobs', 'sha256', sha256('words').slice(0, 2))
    expect(added).toEqual([shard, join(shard, sha256('words'))])
  })

  it('cannot split or end a header, whatever it is', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 40 }), (name) => {
        const header = attachmentNamed(name)
        validateHeaderValue('content-disposition', header)
        expect(header).toMatch(/^attachment; filename="[\w.-]*"; filename\*=UTF-8''[\w.~!%-]*$/)
      }),
      { numRuns: 1000, examples: [['a\r\nSet-Cookie: x'], ['"; filename="evil'], ['\uD800']] },
    )
  })
})

describe('T13: a download', () => {
  it('is an attachment that no browser runs or guesses, under its digest', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const page = '<script>alert(1)</script>'
    const name = 'page.html'
    await attempt.call('putArtifact', {
      params: { ...params, name },
      body: Buffer.from(page),
      headers: { 'content-type': 'text/html' },
    })

    const response = await hub.admin.call('getArtifact', { params: { ...params, name } })

    expect(await response.text()).toBe(page)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
      etag: `"${sha256(page)}"`,
    })
  })
})

describe('an upload', () => {
  it('I-22: whose digest differs from the announced one is refused and leaves no trace', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const other = createHash('sha256').update('other').digest('base64')
    const put = attempt.call('putArtifact', {
      params: { ...params, name: 'a' },
      body: Buffer.from('bytes'),
      headers: { 'content-digest': `sha-256=:${other}:` },
    })
    await expect(put).rejects.toMatchObject({ code: 'digest-mismatch' })
    expect(await storedFiles(hub)).toEqual([])
    expect(await hub.ledger.artifacts(params.job)).toEqual([])
  })

  it('I-22: that is cut off in the middle leaves no trace, and the hub goes on', async () => {
    await using hub = await startTestHub()
    const { lease, params, attempt } = await aLease(hub)
    const socket = connect(hub.port, '127.0.0.1')
    socket.write(
      `PUT /api/v1/leases/${params.job}/${params.attempt}/artifacts/a HTTP/1.1\r\n` +
        `Host: 127.0.0.1:${hub.port}\r\nAuthorization: Bearer ${lease.token}\r\n` +
        'Content-Length: 1000000\r\n\r\nhalf',
    )
    await vi.waitUntil(async () => (await storedFiles(hub)).length === 1)
    socket.destroy()
    await vi.waitUntil(async () => (await storedFiles(hub)).length === 0)

    expect(await hub.ledger.artifacts(params.job)).toEqual([])
    const name = 'b'
    const { size } = await attempt.call('putArtifact', {
      params: { ...params, name },
      body: Buffer.from('whole'),
    })
    expect(size).toBe(5)
  })
})

/** Flips one bit of a stored artifact. */
async function spoil(hub: TestHub, bytes: Uint8Array, place: number): Promise<void> {
  const digest = sha256(bytes)
  const path = join(hub.folder, 'artifacts', 'blobs', 'sha256', digest.slice(0, 2), digest)
  const stored = await readFile(path)
  stored[place] = (stored[place] ?? 0) ^ 1
  await writeFile(path, stored)
}

describe('a corrupt artifact', () => {
  it('I-23: is answered with 500 when it is small', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const bytes = randomBytes(1000)
    await attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: bytes })
    await spoil(hub, bytes, 500)
    const get = hub.admin.call('getArtifact', { params: { ...params, name: 'a' } })
    await expect(get).rejects.toMatchObject({ code: 'artifact-corrupt', status: 500 })
  })

  it('I-23: is cut off before its end when it is large', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const bytes = randomBytes(3 * 1024 ** 2)
    await attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: bytes })
    await spoil(hub, bytes, 0)
    const response = await hub.admin.call('getArtifact', { params: { ...params, name: 'a' } })
    await expect(response.arrayBuffer()).rejects.toThrow('terminated')
  })
})
