import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/platform/log.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aClaim, aLease } from '../support/jobs.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const digestHeader = (bytes: Uint8Array) => `sha-256=:${sha256(bytes).toString('base64')}:`
const settlement = { kind: 'failed', reason: 'branch-moved', detail: '' } as const

/** The checkpoint of salvaged work. */
const WORK = { step: 'agent', product: { salvaged: true } }

type Leased = Awaited<ReturnType<typeof aLease>>

const put = (
  { attempt, params }: Leased,
  name: string,
  body: Uint8Array,
  headers: Record<string, string> = {},
) => attempt.call('putArtifact', { params: { ...params, name }, body, headers })

const get = (
  hub: TestHub,
  { params }: Leased,
  name: string,
  headers: Record<string, string> = {},
) =>
  fetch(`${hub.url}/api/v1/jobs/${params.job}/artifacts/${params.attempt}/${name}`, {
    headers: { authorization: `Bearer ${hub.adminToken}`, ...headers },
  })

describe('artifacts over HTTP', () => {
  it('come back byte for byte, as a file to save', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    const bytes = randomBytes(300_000)

    const info = await put(leased, 'change.patch', bytes, {
      'content-type': 'text/x-patch; charset=utf-8',
      'content-digest': digestHeader(bytes),
    })

    expect(info).toMatchObject({ digest: sha256(bytes).toString('hex'), size: 300_000, attempt: 1 })
    const response = await get(hub, leased, 'change.patch')
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/x-patch; charset=utf-8',
      'content-length': '300000',
      'content-disposition': `attachment; filename="change.patch"; filename*=UTF-8''change.patch`,
      'content-security-policy': expect.stringContaining('sandbox'),
      'x-content-type-options': 'nosniff',
      etag: `"${info.digest}"`,
      'repr-digest': digestHeader(bytes),
    })
    const { artifacts } = await hub.admin.call('listArtifacts', {
      params: { job: leased.params.job },
    })
    expect(artifacts).toEqual([info])
  })

  it('bytes that changed on the way are refused and not listed', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    const headers = { 'content-digest': digestHeader(Buffer.from('other')) }
    await expect(put(leased, 'a', Buffer.from('bytes'), headers)).rejects.toMatchObject({
      code: 'digest-mismatch',
    })
    const { artifacts } = await hub.admin.call('listArtifacts', {
      params: { job: leased.params.job },
    })
    expect(artifacts).toEqual([])
  })

  it('a range of them can be requested', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    await put(leased, 'a', Buffer.from('0123456789'))

    const part = await get(hub, leased, 'a', { range: 'bytes=2-4' })
    const end = await get(hub, leased, 'a', { range: 'bytes=-3' })
    const outside = await get(hub, leased, 'a', { range: 'bytes=10-' })
    const stale = await get(hub, leased, 'a', { range: 'bytes=2-4', 'if-range': '"old"' })

    expect([part.status, await part.text()]).toEqual([206, '234'])
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10')
    expect([end.status, await end.text()]).toEqual([206, '789'])
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    expect([stale.status, await stale.text()]).toEqual([200, '0123456789'])
  })

  it('are not sent to a caller that has them', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    const { digest } = await put(leased, 'a', Buffer.from('bytes'))
    const response = await get(hub, leased, 'a', { 'if-none-match': `W/"x", "${digest}"` })
    expect([response.status, await response.text()]).toEqual([304, ''])
  })

  it('may be empty', async () => {
    await using hub = await startTestHub()
    const leased = await aLease(hub)
    expect(await put(leased, 'empty', new Uint8Array())).toMatchObject({ size: 0 })
    const response = await get(hub, leased, 'empty')
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it('a job that continues another reads its artifacts', async () => {
    await using hub = await startTestHub()
    const earlier = await aLease(hub)
    await put(earlier, 'session.tar', Buffer.from('the session'))
    const { params, attempt } = earlier
    await attempt.call('settleLease', { params, body: { settlement, usage: null } })
    await hub.admin.call('retryJob', { params: { job: params.job }, body: { prompt: 'go on' } })
    const lease = await hub.worker.call('claimLease', {
      body: { requestId: crypto.randomUUID(), worker: await firstWorker(hub) },
    })
    const next = { job: lease!.job.id, attempt: lease!.attempt, name: 'session.tar' }
    const client = hub.worker.withToken(lease!.token)

    const response = await client.call('readContinued', { params: next })
    const missing = client.call('readContinued', { params: { ...next, name: 'other' } })

    expect(await response.text()).toBe('the session')
    await expect(missing).rejects.toMatchObject({ code: 'artifact-not-found' })
  })
})

describe('salvage', () => {
  it('is taken from the worker that held the attempt, after its end, and changes no state', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    await attempt.call('handBackLease', { params })
    const before = await hub.ledger.job(params.job)

    const info = await hub.worker.call('salvageArtifact', {
      params: { ...params, name: 'change.patch' },
      body: Buffer.from('diff'),
    })

    expect(info).toMatchObject({ name: 'salvage.change.patch', attempt: 1, size: 4 })
    expect(await hub.ledger.job(params.job)).toEqual(before)
  })

  it('tells the next attempt what was salvaged, and comes too late after that', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    await attempt.call('handBackLease', { params })
    const { id } = await firstWorker(hub)
    const body = { checkpoint: WORK, worker: { id } }

    await hub.worker.call('salvageWork', { params, body })
    const lease = await hub.worker.call('claimLease', { body: aClaim() })
    const late = hub.worker.call('salvageWork', { params, body })

    expect(lease).toMatchObject({ attempt: 2, checkpoints: [WORK] })
    await expect(late).rejects.toMatchObject({ code: 'lease-lost' })
  })

  it('changes nothing of a running attempt of another worker with the same token', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const body = { checkpoint: WORK, worker: { id: aClaim().worker.id } }
    const call = hub.worker.call('salvageWork', { params, body })
    await expect(call).rejects.toMatchObject({ code: 'scope-missing' })
    await attempt.call('handBackLease', { params })
    expect(await hub.worker.call('claimLease', { body: aClaim() })).toMatchObject({
      attempt: 2,
      checkpoints: [],
    })
  })

  it('is refused from any other worker', async () => {
    await using hub = await startTestHub()
    const { params } = await aLease(hub)
    const other = await hub.clientWith('worker')
    const call = other.call('salvageArtifact', {
      params: { ...params, name: 'change.patch' },
      body: Buffer.from('diff'),
    })
    await expect(call).rejects.toMatchObject({ code: 'scope-missing' })
  })
})

async function firstWorker(hub: TestHub) {
  const [seen] = await hub.ledger.workers()
  const { seenAt: _at, running: _running, restrictedTo: _only, ...worker } = seen!
  return worker
}

describe('an upload whose connection breaks', () => {
  it('is no bug of the hub, and leaves no file', async () => {
    const errors: unknown[] = []
    const log = { ...silentLog, error: (fields: unknown) => errors.push(fields) }
    await using hub = await startTestHub({ log })
    const { lease, params } = await aLease(hub)
    const staged = () => readdir(join(hub.folder, 'artifacts', 'temp'))

    const socket = connect(hub.port, '127.0.0.1')
    socket.write(
      `PUT /api/v1/leases/${params.job}/${params.attempt}/artifacts/half HTTP/1.1\r\n` +
        `Host: localhost\r\nAuthorization: Bearer ${lease.token}\r\n` +
        `Content-Type: text/plain\r\nContent-Length: 1000\r\n\r\nhalf`,
    )
    await expect.poll(staged).toHaveLength(1)
    socket.destroy()

    await expect.poll(staged).toEqual([])
    expect(await hub.admin.call('listArtifacts', { params })).toEqual({ artifacts: [] })
    expect(errors).toEqual([])
  })
})
