import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Access, Scope } from '../../src/domain/principal.ts'
import { issueToken } from '../../src/hub/tokens.ts'
import { ROUTES } from '../../src/protocol/routes.ts'
import { startTestHub, type TestHub } from '../support/hub.ts'
import { aLease } from '../support/jobs.ts'

/** As much of the hub's own document as the matrix is made from. */
const Document = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        'x-access': z.looseObject({ kind: z.string(), scope: z.string().optional() }),
      }),
    ),
  ),
})

type Verdict = 'in' | 401 | 403
type Somebody = { readonly name: string; readonly token: string | null }

describe('T17: every route for every principal', () => {
  it('lets in whom its access names and nobody else', async () => {
    await using hub = await startTestHub({ limits: { failedLogins: 1000 } })
    const { lease, params } = await aLease(hub)
    const everybody = await principals(hub, lease.token)
    const document = Document.parse(await (await fetch(`${hub.url}/openapi.json`)).json())
    const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
    )
    expect(routes).toHaveLength(Object.keys(ROUTES).length)

    const seen: Record<string, Verdict> = {}
    const wanted: Record<string, Verdict> = {}
    for (const { path, method, operation } of routes) {
      const url = hub.url + fill(path, params)
      for (const somebody of everybody) {
        const cell = `${operation.operationId} for ${somebody.name}`
        seen[cell] = await knock(url, method, somebody.token)
        wanted[cell] = expected(operation['x-access'], somebody.name)
      }
    }

    expect(Object.keys(seen)).toHaveLength(routes.length * everybody.length)
    expect(seen).toEqual(wanted)
  })
})

/** Everybody who may come: the good, the wrong, and the late. */
async function principals(hub: TestHub, ownToken: string): Promise<readonly Somebody[]> {
  const { ledger } = hub
  const random = randomBytes
  const make = (scopes: readonly Scope[], expiresAt: number | null) =>
    issueToken({ ledger, random }, { name: 'somebody', scopes, expiresAt })
  const scoped = await Promise.all(
    Scope.options
      .filter((scope) => scope !== 'worker')
      .map(async (scope) => ({ name: scope, token: (await make([scope], null)).token })),
  )
  const revoked = await make(['admin'], null)
  await ledger.revokeToken(revoked.id)
  const { lease: other } = await aLease(hub)
  return [
    ...scoped,
    { name: 'worker', token: hub.workerToken },
    { name: 'own attempt', token: ownToken },
    { name: 'other attempt', token: other.token },
    { name: 'no token', token: null },
    { name: 'nonsense', token: 'nonsense' },
    { name: 'well-formed guess', token: `${ownToken.slice(0, -9)}${'0'.repeat(9)}` },
    { name: 'expired', token: (await make(['admin'], hub.clock.now() - 1)).token },
    { name: 'revoked', token: revoked.token },
  ]
}

/** Says it once more, without looking at the code under test. */
function expected(access: { kind: string; scope?: string | undefined }, name: string): Verdict {
  const kind: Access['kind'] | (string & {}) = access.kind
  if (kind === 'public') return 'in'
  const known = ['worker', 'own attempt', 'other attempt', ...Scope.options]
  if (!known.includes(name)) return 401
  if (kind === 'worker') return name === 'worker' ? 'in' : 403
  if (kind === 'attempt') return name === 'own attempt' ? 'in' : 403
  return name === 'admin' || name === access.scope ? 'in' : 403
}

const fill = (path: string, params: { job: string; attempt: number }): string =>
  path
    .replace('{job}', params.job)
    .replace('{attempt}', String(params.attempt))
    .replace('{stream}', 'output')
    .replace('{offset}', '0')
    .replace('{name}', 'a')
    .replace('{token}', 'none')

/** Whether the door opens; what happens behind it (a bad body, a lost lease) does not matter here. */
async function knock(url: string, method: string, token: string | null): Promise<Verdict> {
  const takesBody = method === 'post' || method === 'put'
  const response = await fetch(url, {
    method: method.toUpperCase(),
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(takesBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(takesBody ? { body: '{}' } : {}),
  })
  await response.arrayBuffer()
  return response.status === 401 || response.status === 403 ? response.status : 'in'
}
