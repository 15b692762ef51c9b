import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { issueToken } from '../../src/hub/tokens.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aJob, aLease } from '../support/jobs.ts'

const ask = (hub: TestHub, headers: Record<string, string>, query = '') =>
  fetch(`${hub.url}/api/v1/jobs${query}`, { headers })

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('T18: tokens', () => {
  it('an unknown, an expired, a revoked and a mistyped one are answered with the same words', async () => {
    await using hub = await startTestHub()
    const { ledger, clock } = hub
    const wanted = { name: 'x', scopes: ['admin'] as const, expiresAt: null }
    const make = (changes: { expiresAt?: number } = {}) =>
      issueToken({ ledger, random: randomBytes }, { ...wanted, ...changes })
    const expired = await make({ expiresAt: clock.now() + 1000 })
    const revoked = await make()
    await ledger.revokeToken(revoked.id)
    clock.advance(1001)
    const { lease } = await aLease(hub)
    await using elsewhere = await startTestHub()
    const tokens = [
      elsewhere.adminToken,
      expired.token,
      revoked.token,
      `${hub.adminToken.slice(0, -1)}x`,
      `${lease.token.slice(0, -9)}123456789`,
      'nonsense',
    ]

    const answers = await Promise.all(
      tokens.map(async (token) => {
        const response = await ask(hub, bearer(token))
        const { date: _date, ...headers } = Object.fromEntries(response.headers)
        return { status: response.status, headers, body: await response.text() }
      }),
    )

    expect(answers[0]?.status).toBe(401)
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  it('is taken from the Authorization header alone', async () => {
    await using hub = await startTestHub()
    const cookie = await ask(hub, { cookie: `token=${hub.adminToken}; session=${hub.adminToken}` })
    const query = await ask(hub, {}, `?token=${hub.adminToken}&access_token=${hub.adminToken}`)
    const basic = await ask(hub, { authorization: `Basic ${btoa(`x:${hub.adminToken}`)}` })
    expect([cookie.status, query.status, basic.status]).toEqual([401, 401, 401])
  })

  it('too many refusals from one address must wait, while right tokens pass', async () => {
    await using hub = await startTestHub()
    const statuses: number[] = []
    for (let count = 0; count < 31; count += 1) {
      statuses.push((await ask(hub, bearer('nonsense'))).status)
    }
    const refused = await ask(hub, bearer('nonsense'))

    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 401), 429])
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask(hub, bearer(hub.adminToken))).status).toBe(200)
    hub.clock.advance(60_000)
    expect((await ask(hub, bearer('nonsense'))).status).toBe(401)
  })

  it('is shown once and never listed', async () => {
    await using hub = await startTestHub()
    const { token, info } = await hub.admin.call('createToken', {
      body: { name: 'laptop', scopes: ['jobs:read'] },
    })
    const { tokens } = await hub.admin.call('listTokens', {})
    expect(tokens).toContainEqual({ ...info, lastUsedAt: expect.toSatisfy(() => true) })
    expect(JSON.stringify(tokens)).not.toContain(token.slice(20, 60))

    expect((await ask(hub, bearer(token))).status).toBe(200)
    await hub.admin.call('revokeToken', { params: { token: info.id } })
    expect((await ask(hub, bearer(token))).status).toBe(401)
  })

  it('a worker’s token is for nothing else', async () => {
    await using hub = await startTestHub()
    const body = { name: 'both', scopes: ['worker', 'jobs:read'] as const }
    const call = hub.admin.call('createToken', { body: { ...body, scopes: [...body.scopes] } })
    await expect(call).rejects.toMatchObject({ code: 'request-invalid' })
  })
})

describe('T30: a stolen data folder', () => {
  it('holds no token that was ever used', async () => {
    await using hub = await startTestHub()
    const { lease, params, attempt } = await aLease(hub)
    await attempt.call('writeLog', {
      params: { ...params, stream: 'output', offset: 0 },
      body: Buffer.from('canary in a log'),
    })
    await attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: Buffer.from('x') })
    await hub.admin.call('submitJob', { body: aJob() })
    const { token } = await hub.admin.call('createToken', {
      body: { name: 'x', scopes: ['admin'] },
    })
    const secrets = [hub.adminToken, hub.workerToken, lease.token, token].map((text) =>
      text.slice(-72, -8),
    )

    const files = readdirSync(hub.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(hub.folder, name))
      .filter((path) => statSync(path).isFile())
    const found = files.filter((path) => {
      const bytes = readFileSync(path)
      return secrets.some(
        (secret) =>
          secret.length !== 64 ||
          bytes.includes(secret) ||
          bytes.includes(Buffer.from(secret, 'hex')),
      )
    })

    expect(files.some((path) => readFileSync(path).includes('canary in a log'))).toBe(true)
    expect(files.some((path) => readFileSync(path).includes(lease.job.id))).toBe(true)
    expect(found).toEqual([])
  })

  it('can be read by its owner alone', async () => {
    await using hub = await startTestHub()
    await aLease(hub)
    const open = readdirSync(hub.folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => (statSync(join(hub.folder, name)).mode & 0o077) !== 0,
    )
    expect(open.filter(() => process.platform !== 'win32')).toEqual([])
  })
})

describe('T29: a stolen worker token', () => {
  it('reads, lists, cancels and settles no job of another worker', async () => {
    await using hub = await startTestHub()
    const { params, attempt } = await aLease(hub)
    await attempt.call('putArtifact', { params: { ...params, name: 'a' }, body: Buffer.from('x') })
    const thief = await hub.clientWith('worker')
    const settlement = { kind: 'failed', reason: 'agent-failed', detail: '' } as const
    const worker = { id: (await hub.ledger.workers())[0]!.id }
    const { job, attempt: number } = params
    const calls = [
      thief.call('listJobs', {}),
      thief.call('getJob', { params: { job } }),
      thief.call('listEvents', { params: { job } }),
      thief.call('readLog', { params: { job, stream: 'output' } }),
      thief.call('listArtifacts', { params: { job } }),
      thief.call('getArtifact', { params: { job, attempt: number, name: 'a' } }),
      thief.call('cancelJob', { params: { job } }),
      thief.call('renewLease', { params, body: { leaseMs: 60_000 } }),
      thief.call('settleLease', { params, body: { settlement, usage: null } }),
      thief.call('salvageArtifact', { params: { ...params, name: 'b' }, body: Buffer.from('x') }),
      thief.call('salvageWork', { params, body: { checkpoint: { step: 'agent' }, worker } }),
      thief.call('createToken', { body: { name: 'more', scopes: ['admin'] } }),
      thief.call('submitJob', { body: aJob() }),
    ]

    for (const refusal of await Promise.allSettled(calls)) {
      expect(refusal).toMatchObject({ status: 'rejected', reason: { code: 'scope-missing' } })
    }
    expect(await hub.ledger.job(job)).toMatchObject({ state: 'running', attempt: 1 })
  })
})
