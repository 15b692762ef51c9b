import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Scope } from '../../src/domain/principal.ts'
import { issueToken } from '../../src/hub/tokens.ts'
import { ROUTES } from '../../src/protocol/routes.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'
import { toyDialect } from '../support/toy-dialect.ts'

type Verdict = 'in' | 401 | 403
type Mounted = TestHub['routes'][number]

/** A caller with the credentials of one dialect, or with none. */
type Somebody = {
  readonly name: string
  readonly dialect: string | null
  readonly headers: Readonly<Record<string, string>>
}

describe('T17: every route for every principal', () => {
  it('lets in whom its access names and nobody else', async () => {
    const limits = { failedLogins: 10_000 }
    const listen = { host: '127.0.0.1', port: 0 }
    const apart = toyDialect({ name: 'apart', listen, prefixes: ['/'] })
    await using hub = await startTestHub({ limits, dialects: [toyDialect(), apart] })
    const { lease, params } = await aLease(hub)
    const everybody = await principals(hub, lease.token)
    const ours = hub.routes.filter(({ dialect }) => dialect === 'millwright')
    expect(ours).toHaveLength(Object.keys(ROUTES).length)

    const seen: Record<string, Verdict> = {}
    const wanted: Record<string, Verdict> = {}
    for (const route of hub.routes) {
      const url = (hub.urls.get(route.dialect) ?? hub.url) + fill(route.path, params)
      for (const somebody of everybody) {
        const cell = `${route.dialect} ${route.method} ${route.path} for ${somebody.name} of ${somebody.dialect}`
        seen[cell] = await knock(url, route.method, somebody.headers)
        wanted[cell] = expected(route, somebody)
      }
    }

    expect(new Set(hub.routes.map(({ dialect }) => dialect)).size).toBe(3)
    expect(Object.keys(seen)).toHaveLength(hub.routes.length * everybody.length)
    expect(seen).toEqual(wanted)
  })
})

/** Every kind of caller: with valid, wrong, expired and revoked credentials. */
async function principals(hub: TestHub, ownToken: string): Promise<readonly Somebody[]> {
  const { ledger } = hub
  const random = randomBytes
  const make = (scopes: readonly Scope[], expiresAt: number | null) =>
    issueToken({ ledger, random }, { name: 'somebody', scopes, expiresAt })
  const scoped = await Promise.all(
    Scope.options
      .filter((scope) => scope !== 'worker')
      .map(async (scope) => own(scope, (await make([scope], null)).token)),
  )
  const revoked = await make(['admin'], null)
  await ledger.revokeToken(revoked.id)
  const { lease: other } = await aLease(hub)
  return [
    ...scoped,
    own('worker', hub.workerToken),
    own('own attempt', ownToken),
    own('other attempt', other.token),
    { name: 'no token', dialect: null, headers: {} },
    own('nonsense', 'nonsense'),
    own('well-formed guess', `${ownToken.slice(0, -9)}${'0'.repeat(9)}`),
    own('expired', (await make(['admin'], hub.clock.now() - 1)).token),
    own('revoked', revoked.token),
    { name: 'jobs:submit', dialect: 'toy', headers: { 'x-toy-token': 'ada' } },
    { name: 'worker', dialect: 'toy', headers: { 'x-toy-token': 'drone' } },
    { name: 'stranger', dialect: 'toy', headers: { 'x-toy-token': 'eve' } },
  ]
}

const own = (name: string, token: string): Somebody => ({
  name,
  dialect: 'millwright',
  headers: { authorization: `Bearer ${token}` },
})

/** Repeats the access rules, independently of the code under test. */
function expected({ dialect, access }: Mounted, somebody: Somebody): Verdict {
  if (access.kind === 'public') return 'in'
  const spoken = dialect === 'apart' ? 'toy' : dialect
  const known = ['worker', 'own attempt', 'other attempt', ...Scope.options]
  const { name } = somebody
  if (somebody.dialect !== spoken || !known.includes(name)) return 401
  if (access.kind === 'worker') return name === 'worker' ? 'in' : 403
  if (access.kind === 'attempt') return name === 'own attempt' ? 'in' : 403
  return name === 'admin' || name === access.scope ? 'in' : 403
}

const fill = (path: string, params: { job: string; attempt: number }): string =>
  path
    .replace(':job', params.job)
    .replace(':attempt', String(params.attempt))
    .replace(':stream', 'output')
    .replace(':offset', '0')
    .replaceAll(/:\w+/g, 'a')

/** Whether access is granted; a later error (a bad body, a lost lease) does not matter here. */
async function knock(url: string, method: string, headers: Somebody['headers']): Promise<Verdict> {
  const takesBody = method === 'POST' || method === 'PUT'
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(takesBody ? { 'content-type': 'application/json' } : {}) },
    ...(takesBody ? { body: '{}' } : {}),
  })
  await response.arrayBuffer()
  return response.status === 401 || response.status === 403 ? response.status : 'in'
}
