import { describe, expect, it } from 'vitest'
import { startTestHub } from '../support/hub.ts'
import { aJob, aLease } from '../support/jobs.ts'

describe('submitting', () => {
  it('a job comes back with the defaults of the ledger and the payload as it was asked for', async () => {
    await using hub = await startTestHub()

    const job = await hub.admin.call('submitJob', { body: aJob() })

    expect(job).toMatchObject({ state: 'queued', priority: 0, title: 'fix it' })
    expect(job.payload).toEqual(aJob().payload)
    expect(await hub.admin.call('getJob', { params: { job: job.id } })).toEqual(job)
  })

  it('the locks that follow from the payload join those of the submission', async () => {
    await using hub = await startTestHub()
    const payload = {
      repository: '/srv/git/example.git',
      prompt: 'fix it',
      agent: { name: 'command', run: ['true'] },
      publish: { mode: 'branch', branch: 'fixed' },
    }

    const job = await hub.admin.call('submitJob', { body: aJob({ payload, locks: ['site:acme'] }) })

    expect(job.locks.toSorted()).toEqual(['branch:/srv/git/example.git#fixed', 'site:acme'])
  })

  it('an unknown kind is refused with the known ones', async () => {
    await using hub = await startTestHub()
    await expect(
      hub.admin.call('submitJob', { body: aJob({ kind: 'cod' }) }),
    ).rejects.toMatchObject({
      code: 'kind-unknown',
      message: 'There is no kind "cod"; the kinds are code, generate.',
    })
  })

  it('an unknown payload key is refused with the key that was meant', async () => {
    await using hub = await startTestHub()
    const payload = { repository: '/a', promt: 'fix it', agent: { name: 'codex', modle: 'x' } }
    await expect(hub.admin.call('submitJob', { body: aJob({ payload }) })).rejects.toMatchObject({
      code: 'payload-invalid',
      message: expect.stringContaining('unknown key "promt"; did you mean prompt?'),
      details: {
        errors: expect.arrayContaining([
          { path: 'payload.agent', message: 'unknown key "modle"; did you mean model?' },
        ]),
      },
    })
  })

  it.each([
    ['__proto__', '{"kind":"code","payload":{"__proto__":{"x":1}}}'],
    ['constructor.prototype', '{"kind":"code","payload":{"constructor":{"prototype":{"x":1}}}}'],
    ['broken JSON', '{"kind":'],
    ['deep nesting', `{"kind":"code","payload":${'['.repeat(80)}${']'.repeat(80)}}`],
    ['too many values', `{"kind":"code","payload":[${'0,'.repeat(100_000)}0]}`],
  ])('a body with %s is refused', async (_, body) => {
    await using hub = await startTestHub()
    const response = await post(hub, '/api/v1/jobs', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'request-invalid' })
  })

  it('a body that is not said to be JSON is refused', async () => {
    await using hub = await startTestHub()
    const response = await post(hub, '/api/v1/jobs', 'kind=code', {
      'content-type': 'application/x-www-form-urlencoded',
    })
    expect(response.status).toBe(400)
  })
})

describe('idempotency', () => {
  it('the same key and request give the same job, whatever the order of the members', async () => {
    await using hub = await startTestHub()
    const { kind, payload } = aJob()
    const headers = { 'idempotency-key': '"order-7"' }

    const first = await post(hub, '/api/v1/jobs', JSON.stringify({ kind, payload }), headers)
    const again = await post(hub, '/api/v1/jobs', JSON.stringify({ payload, kind }), headers)

    expect([first.status, again.status]).toEqual([201, 200])
    expect(await again.json()).toEqual(await first.json())
  })

  it('the same key with another request is refused', async () => {
    await using hub = await startTestHub()
    await hub.admin.call('submitJob', { body: aJob({ idempotencyKey: 'order-7' }) })
    const other = hub.admin.call('submitJob', {
      body: aJob({ idempotencyKey: 'order-7', priority: 5 }),
    })
    await expect(other).rejects.toMatchObject({ code: 'idempotency-conflict' })
  })

  it('header and body may not name different keys', async () => {
    await using hub = await startTestHub()
    const call = hub.admin.call('submitJob', {
      body: aJob({ idempotencyKey: 'one' }),
      headers: { 'idempotency-key': 'two' },
    })
    await expect(call).rejects.toMatchObject({ code: 'request-invalid' })
  })
})

describe('listing', () => {
  it('pages lead through all jobs, newest first, each once', async () => {
    await using hub = await startTestHub()
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) {
      ids.unshift((await hub.admin.call('submitJob', { body: aJob() })).id)
    }

    const first = await hub.admin.call('listJobs', { query: { limit: 3 } })
    const second = await hub.admin.call('listJobs', { query: { limit: 3, cursor: first.next! } })

    expect([...first.jobs, ...second.jobs].map(({ id }) => id)).toEqual(ids)
    expect(second.next).toBeNull()
  })

  it('filters by several states, written with commas', async () => {
    await using hub = await startTestHub()
    const cancelled = await hub.admin.call('submitJob', { body: aJob() })
    await hub.admin.call('cancelJob', { params: { job: cancelled.id } })
    await hub.admin.call('submitJob', { body: aJob() })

    const query = { state: 'cancelled,failed' }
    const { jobs } = await hub.admin.call('listJobs', { query })

    expect(jobs.map(({ id }) => id)).toEqual([cancelled.id])
  })

  it('an unknown query key is refused with the key that was meant', async () => {
    await using hub = await startTestHub()
    const response = await fetch(`${hub.url}/api/v1/jobs?stat=queued`, {
      headers: { authorization: `Bearer ${hub.adminToken}` },
    })
    expect(await response.json()).toMatchObject({
      code: 'request-invalid',
      detail: 'query: unknown key "stat"; did you mean state?',
    })
  })
})

describe('retrying', () => {
  it('only an ended job can be retried', async () => {
    await using hub = await startTestHub()
    const { id } = await hub.admin.call('submitJob', { body: aJob() })
    const retry = hub.admin.call('retryJob', { params: { job: id }, body: {} })
    await expect(retry).rejects.toMatchObject({ code: 'job-not-terminal' })
  })

  it('a new prompt keeps everything else of the job', async () => {
    await using hub = await startTestHub()
    const earlier = await hub.admin.call('submitJob', { body: aJob({ priority: 7 }) })
    await hub.admin.call('cancelJob', { params: { job: earlier.id } })

    const job = await hub.admin.call('retryJob', {
      params: { job: earlier.id },
      body: { prompt: 'and now the docs' },
    })

    expect(job).toMatchObject({ retryOf: earlier.id, priority: 7, title: 'and now the docs' })
    expect(job.payload).toEqual({ ...Object(earlier.payload), prompt: 'and now the docs' })
  })

  it('a new ref and a new branch change the payload, and the lock of the branch', async () => {
    await using hub = await startTestHub()
    const publish = { mode: 'branch', branch: 'one' }
    const earlier = await hub.admin.call('submitJob', {
      body: aJob({ payload: { ...Object(aJob().payload), publish }, locks: ['site:acme'] }),
    })
    await hub.admin.call('cancelJob', { params: { job: earlier.id } })
    const params = { job: earlier.id }

    const job = await hub.admin.call('retryJob', { params, body: { ref: 'v2', branch: 'größe' } })

    const changed = { ref: 'v2', startAt: 'ref', publish: { mode: 'branch', branch: 'größe' } }
    expect(job.payload).toEqual({ ...Object(earlier.payload), ...changed })
    expect(job.locks.toSorted()).toEqual(['branch:/srv/git/example.git#größe', 'site:acme'])
    const refused = hub.admin.call('retryJob', { params, body: { branch: 'a..b' } })
    await expect(refused).rejects.toMatchObject({ code: 'payload-invalid' })
  })

  it('a job that published keeps other jobs from its branch while it is continued', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    const target = '/srv/git/example.git#millwright/1'
    const publication = { kind: 'branch', target, revision: 'c' }
    const settlement = { kind: 'succeeded', reason: 'published', detail: '', publication } as const
    await attempt.call('settleLease', {
      params,
      body: { settlement, usage: null },
    })

    const retry = async () =>
      await hub.admin.call('retryJob', { params: { job: params.job }, body: {} })

    expect((await retry()).locks).toEqual([`branch:${target}`])
    const next = await retry()
    await hub.admin.call('cancelJob', { params: { job: next.id } })
    const again = await hub.admin.call('retryJob', { params: { job: next.id }, body: {} })
    expect(again.locks).toEqual([`branch:${target}`])
  })
})

describe('cancelling', () => {
  it('a running job learns of it, and of who asked', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)

    await hub.admin.call('cancelJob', { params: { job: params.job } })

    const renewal = await attempt.call('renewLease', { params, body: { leaseMs: 60_000 } })
    expect(renewal.cancelRequested).toBe(true)
    const { events } = await hub.admin.call('listEvents', { params: { job: params.job } })
    expect(events.at(-1)).toMatchObject({ type: 'cancel-requested', by: 'admin' })
  })
})

const post = (
  hub: { url: string; adminToken: string },
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(hub.url + path, {
    method: 'POST',
    body,
    headers: {
      authorization: `Bearer ${hub.adminToken}`,
      'content-type': 'application/json',
      ...headers,
    },
  })
