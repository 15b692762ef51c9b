import { createHash, randomUUID } from 'node:crypto'
import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { FILE_BYTES_MAX } from '../../src/domain/input.ts'
import type { HubClient } from '../../src/protocol/client.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aClaim, aJob, aLease } from '../support/jobs.ts'
import { request, sendRaw, statusOf } from '../support/raw-http.ts'

const digestOf = (bytes: string): string => createHash('sha256').update(bytes).digest('hex')

const upload = (client: HubClient, bytes: string) =>
  client.call('putBlob', { params: { digest: digestOf(bytes) }, body: Buffer.from(bytes) })

/** The headers of a program that speaks protocol 1. */
const OLD = { 'millwright-protocol': '1' }

const TREE = [
  { name: 'index.html', digest: digestOf('the page') },
  { name: 'img/logo/big.svg', digest: digestOf('the logo') },
]

const fileOf = ({ folder }: TestHub, digest: string): string =>
  join(folder, 'artifacts', 'blobs', 'sha256', digest.slice(0, 2), digest)

/** A hub that has the files of the tree. */
async function withTree(): Promise<TestHub> {
  const hub = await startTestHub()
  await upload(hub.admin, 'the page')
  await upload(hub.admin, 'the logo')
  return hub
}

async function lease(hub: TestHub) {
  const body = aClaim({ protocol: 2 })
  const leased = await hub.worker.call('claimLease', { body })
  if (leased === null) throw new Error('the hub had no job for the worker')
  const params = { job: leased.job.id, attempt: leased.attempt }
  return { leased, params, attempt: hub.worker.withToken(leased.token) }
}

describe('an input', () => {
  it('is uploaded by its digest, named in a job, listed, and read by its attempt', async () => {
    await using hub = await withTree()
    const job = await hub.admin.call('submitJob', { body: aJob({ inputs: TREE }) })
    const { leased, params, attempt } = await lease(hub)

    const files = [
      { name: 'img/logo/big.svg', digest: digestOf('the logo'), size: 8 },
      { name: 'index.html', digest: digestOf('the page'), size: 8 },
    ]
    expect(leased.inputs).toEqual(files)
    const listed = await hub.admin.call('listInputs', { params: { job: job.id } })
    expect(listed).toEqual({ inputs: files })
    const read = async (name: string) =>
      (await attempt.call('readInput', { params: { ...params, name } })).text()
    expect([await read('index.html'), await read('img/logo/big.svg')]).toEqual([
      'the page',
      'the logo',
    ])
    await expect(read('img/logo')).rejects.toMatchObject({ code: 'artifact-not-found' })
  })

  it('demands a worker that knows inputs', async () => {
    await using hub = await withTree()
    const job = await hub.admin.call('submitJob', { body: aJob({ inputs: TREE }) })
    expect(job.demands).toContain('protocol:2')
    expect(await hub.worker.call('claimLease', { body: aClaim(), headers: OLD })).toBeNull()
  })

  it('whose bytes have another digest is refused and cannot be named', async () => {
    await using hub = await startTestHub()
    const params = { digest: digestOf('these') }
    const wrong = hub.admin.call('putBlob', { params, body: Buffer.from('others') })
    await expect(wrong).rejects.toMatchObject({ code: 'digest-mismatch' })
    const inputs = [{ name: 'a', digest: digestOf('others') }]
    const submit = hub.admin.call('submitJob', { body: aJob({ inputs }) })
    await expect(submit).rejects.toMatchObject({ code: 'input-missing' })
  })

  it('that nobody uploaded is named in the refusal, and taken once it is there', async () => {
    await using hub = await startTestHub()
    await upload(hub.admin, 'the page')
    const body = aJob({ inputs: TREE, idempotencyKey: 'once' })

    await expect(hub.admin.call('submitJob', { body })).rejects.toMatchObject({
      code: 'input-missing',
      details: { missing: [digestOf('the logo')] },
    })
    await upload(hub.admin, 'the logo')

    expect(await hub.admin.call('submitJob', { body })).toMatchObject({ state: 'queued' })
  })

  it('belongs to the token that uploaded it until a job names it', async () => {
    await using hub = await withTree()
    const other = await hub.clientWith('jobs:submit')
    const inputs = TREE.slice(0, 1)
    const submit = () => other.call('submitJob', { body: aJob({ inputs }) })

    await expect(submit()).rejects.toMatchObject({ code: 'input-missing' })
    await hub.admin.call('submitJob', { body: aJob({ inputs }) })

    expect(await submit()).toMatchObject({ submittedBy: 'jobs:submit' })
  })

  it('is in the store before the ledger names it', async () => {
    await using hub = await startTestHub()
    const storeBlob = vi.spyOn(hub.ledger, 'storeBlob').mockRejectedValueOnce(new Error('down'))
    const digest = digestOf('the page')

    await expect(upload(hub.admin, 'the page')).rejects.toMatchObject({ code: 'hub-error' })

    expect(storeBlob).toHaveBeenCalledOnce()
    await expect(stat(fileOf(hub, digest))).resolves.toMatchObject({ size: 8 })
  })

  it('that is uploaded again is as young as a new one', async () => {
    await using hub = await withTree()
    const digest = digestOf('the page')
    const file = fileOf(hub, digest)
    await utimes(file, 1, 1)
    expect((await stat(file)).mtimeMs).toBe(1000)

    expect(await upload(hub.admin, 'the page')).toEqual({ digest, size: 8 })

    expect((await stat(file)).mtimeMs).toBeGreaterThan(1000)
  })

  it('is refused while the disk has no room, and when it says it is too large', async () => {
    let free = 10
    await using hub = await startTestHub({ disk: { freeBytes: async () => free, floorBytes: 11 } })
    await expect(upload(hub.admin, 'x')).rejects.toMatchObject({ code: 'disk-full' })
    free = 12
    const path = `PUT /api/v1/blobs/${digestOf('x')}`
    const token = `Authorization: Bearer ${hub.adminToken}`
    const length = `Content-Length: ${FILE_BYTES_MAX + 1}`
    const answer = await sendRaw(hub.port, request(path, 'Host: localhost', token, length), 'x')
    expect(statusOf(answer)).toBe(413)
  })

  it('goes to a retry together with the group, but not with what belongs to the submitter', async () => {
    await using hub = await withTree()
    const facts = { group: 'site', origin: 'queue/7', holdUntil: 2_000_000_000_000, notBefore: 9 }
    const body = aJob({ inputs: TREE, ...facts, id: randomUUID() })
    const { id } = await hub.admin.call('submitJob', { body })
    await hub.admin.call('cancelJob', { params: { job: id } })

    const again = await hub.admin.call('retryJob', { params: { job: id }, body: {} })

    expect(again).toMatchObject({ group: 'site', origin: null, holdUntil: null, notBefore: null })
    const { inputs } = await hub.admin.call('listInputs', { params: { job: again.id } })
    expect(inputs.map(({ name }) => name)).toEqual(['img/logo/big.svg', 'index.html'])
  })
})

describe('a name with folders in it', () => {
  // The longest name; every third letter is a slash, which is sent percent-encoded.
  const LONG = `${'ab/'.repeat(84)}abc`
  const names = ['out/report.html', LONG]

  it('is one at every route that takes a name', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const body = Buffer.from('bytes')
    for (const name of names) {
      const info = await attempt.call('putArtifact', { params: { ...params, name }, body })
      expect(info.name).toBe(name)
    }
    await attempt.call('handBackLease', { params })
    const params2 = { ...params, name: 'a/b/left.patch' }
    const { name: salvaged } = await hub.worker.call('salvageArtifact', { params: params2, body })
    const second = await lease(hub)
    for (const name of [...names, salvaged]) {
      const kept = { ...second.params, from: params.attempt, name }
      const forAttempt = await second.attempt.call('readKept', { params: kept })
      const forUser = await hub.admin.call('getArtifact', { params: { ...params, name } })
      expect([await forAttempt.text(), await forUser.text()]).toEqual(['bytes', 'bytes'])
    }
    const settlement = { kind: 'failed', reason: 'branch-moved', detail: '' } as const
    const end = { params: second.params, body: { settlement, usage: null } }
    await second.attempt.call('settleLease', end)
    await hub.admin.call('retryJob', { params: { job: params.job }, body: {} })
    const next = await lease(hub)
    for (const name of names) {
      const continued = await next.attempt.call('readContinued', {
        params: { ...next.params, name },
      })
      expect(await continued.text()).toBe('bytes')
    }
  })
})
