import { describe, expect, it } from 'vitest'
import type { KindSchema } from '../../src/domain/kind.ts'
import { codeSchema } from '../../src/kinds/code/schema.ts'
import { ROUTES } from '../../src/protocol/routes.ts'
import { startTestHub } from '../support/hub.ts'
import { aClaim, aJob, aLease } from '../support/jobs.ts'

const NO_ROOM = { freeBytes: async () => 10, floorBytes: 11 }

describe('health', () => {
  it('is reported without a token', async () => {
    await using hub = await startTestHub()
    for (const path of ['/livez', '/readyz']) {
      const response = await fetch(hub.url + path)
      expect(await response.json()).toEqual({ status: 'ok', version: '0.1.0', protocol: 2 })
    }
  })

  it('a hub with a full disk is live but not ready', async () => {
    await using hub = await startTestHub({ disk: NO_ROOM })
    expect((await fetch(`${hub.url}/livez`)).status).toBe(200)
    expect((await fetch(`${hub.url}/readyz`)).status).toBe(507)
  })

  it('below the floor new work and uploads are refused while leases go on', async () => {
    let free = 100
    await using hub = await startTestHub({ disk: { freeBytes: async () => free, floorBytes: 50 } })
    const { params, attempt } = await aLease(hub)
    free = 49

    const full = { code: 'disk-full' }
    await expect(hub.admin.call('submitJob', { body: aJob() })).rejects.toMatchObject(full)
    const upload = { params: { ...params, name: 'a' }, body: Buffer.from('x') }
    await expect(attempt.call('putArtifact', upload)).rejects.toMatchObject(full)

    await attempt.call('renewLease', { params, body: { leaseMs: 60_000 } })
    await attempt.call('settleLease', {
      params,
      body: { settlement: { kind: 'failed', reason: 'disk-full', detail: '' }, usage: null },
    })
  })
})

describe('metrics', () => {
  it('count jobs by state, claims and endings', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    await attempt.call('handBackLease', { params })

    const text = await (await hub.admin.call('metrics', {})).text()

    expect(text).toContain('millwright_jobs{kind="code",state="queued"} 1')
    expect(text).toContain('millwright_claims_total 1')
    expect(text).toContain('millwright_attempts_ended_total{outcome="handed-back"} 1')
    expect(text).toMatch(
      /duration_seconds_count\{method="POST",route="\/api\/v1\/leases",status="200"\} 1/,
    )
    expect(text).not.toContain(params.job)
  })
})

describe('the OpenAPI document', () => {
  it('holds every route with its access, and every reference in it leads somewhere', async () => {
    await using hub = await startTestHub()
    const text = await (await fetch(`${hub.url}/openapi.json`)).text()
    const document = JSON.parse(text)

    for (const [name, route] of Object.entries(ROUTES)) {
      expect(document.paths[route.path][route.method.toLowerCase()]).toMatchObject({
        operationId: name,
        'x-access': route.access,
      })
    }
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)]
    expect(references.length).toBeGreaterThan(20)
    for (const [, name = ''] of references) {
      expect(document.components.schemas[name]).not.toHaveProperty(
        '$ref',
        `#/components/schemas/${name}`,
      )
      expect(Object.keys(document.components.schemas)).toContain(name)
    }
  })
})

describe('closing', () => {
  it('ends waiting claims at once and answers what is under way', async () => {
    await using hub = await startTestHub({ limits: { pollMs: 60_000 } })
    const waiting = hub.worker.call('claimLease', { body: aClaim({ waitMs: 20_000 }) })
    await expect
      .poll(async () => (await hub.admin.call('metrics', {})).text())
      .toContain('millwright_waiting_claims 1')

    await hub.close()

    expect(await waiting).toBeNull()
    await expect(hub.admin.call('listJobs', {})).rejects.toMatchObject({ code: 'hub-unreachable' })
  })

  it('takes no longer than its limit when a client never finishes its request', async () => {
    await using hub = await startTestHub({ limits: { drainMs: 50 } })
    const { attempt, params } = await aLease(hub)
    const endless = new ReadableStream({ pull: () => new Promise<void>(() => {}) })
    const upload = attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: endless })
    upload.catch(() => {})
    await hub.admin.call('listJobs', {})

    await hub.close()

    await expect(upload).rejects.toMatchObject({ code: 'hub-unreachable' })
  })

  it('can be started again on the same port over the same ledger', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    await hub.restart()
    expect(await hub.admin.call('getJob', { params: { job: id } })).toMatchObject({ id })
  })
})

describe('a bug in the hub', () => {
  it('is answered without internal details', async () => {
    const broken: KindSchema = {
      ...codeSchema,
      title: () => {
        throw new Error('secret innards')
      },
    }
    await using hub = await startTestHub({ kinds: new Map([['code', broken]]) })
    await expect(hub.admin.call('submitJob', { body: aJob() })).rejects.toMatchObject({
      code: 'hub-error',
      message: 'The hub failed to handle POST /api/v1/jobs because of a bug.',
      details: {},
    })
  })
})
