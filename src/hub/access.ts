import { AppError } from '../domain/errors.ts'
import type { Access, Principal, Scope } from '../domain/principal.ts'
import type { Ledger } from '../ledger/port.ts'
import type { FailedLogins } from './failed-logins.ts'
import { parseToken, type ParsedToken, sameDigest } from './tokens.ts'

/** What access is decided by. */
export type Asker = {
  readonly authorization: string | undefined
  /** Where the connection comes from. */
  readonly address: string
  /** The path's parameters, as they were sent. */
  readonly params: Readonly<Record<string, string | undefined>>
}

type Door = { readonly ledger: Ledger; readonly failedLogins: FailedLogins }

/**
 * Who is asking, once it is known that they may; null where anybody may. Throws `token-missing`,
 * `token-invalid` (the same words for an unknown, expired or revoked token), `rate-limited`,
 * or `scope-missing`.
 */
export async function admit(door: Door, access: Access, asker: Asker): Promise<Principal | null> {
  if (access.kind === 'public') return null
  const principal = await authenticate(door, asker)
  demandAccess(principal, access, asker)
  return principal
}

async function authenticate(door: Door, asker: Asker): Promise<Principal> {
  if (asker.authorization === undefined) {
    throw new AppError('token-missing', 'This route needs a token.')
  }
  const token = parseToken(/^Bearer (\S{1,256})$/i.exec(asker.authorization)?.[1] ?? '')
  const principal = token === null ? null : await resolve(door.ledger, token)
  if (principal !== null) return principal

  const retryAfterSeconds = door.failedLogins.note(asker.address)
  if (retryAfterSeconds !== null) {
    throw new AppError('rate-limited', 'Too many refused tokens from this address.', {
      details: { retryAfterSeconds },
    })
  }
  throw new AppError('token-invalid', 'The token is unknown, expired or revoked.')
}

async function resolve(ledger: Ledger, token: ParsedToken): Promise<Principal | null> {
  if (token.kind === 'attempt') {
    const row = await ledger.attempt(token.fence.jobId, token.fence.attempt)
    if (row === null || !sameDigest(row.tokenHash, token.hash)) return null
    return { kind: 'attempt', ...token.fence }
  }
  const row = await ledger.findToken(token.hash)
  if (row === null || row.id !== token.id) return null
  if (row.scopes.includes('worker')) return { kind: 'worker', tokenId: row.id, name: row.name }
  return { kind: 'user', tokenId: row.id, name: row.name, scopes: row.scopes }
}

function demandAccess(
  principal: Principal,
  access: Exclude<Access, { kind: 'public' }>,
  asker: Asker,
): void {
  switch (access.kind) {
    case 'scope':
      return demandScope(principal, access.scope)
    case 'worker':
      if (principal.kind === 'worker') return
      throw new AppError('scope-missing', 'Only a worker may do this: the scope is worker.')
    case 'attempt':
      if (principal.kind === 'attempt' && isOwn(principal, asker.params)) return
      throw new AppError('scope-missing', 'Only the token of this very attempt may do this.')
  }
}

function demandScope(principal: Principal, scope: Scope): void {
  const scopes = principal.kind === 'user' ? principal.scopes : []
  if (scopes.includes(scope) || scopes.includes('admin')) return
  throw new AppError('scope-missing', `The token lacks the scope ${scope}.`, { details: { scope } })
}

const isOwn = (
  principal: Extract<Principal, { kind: 'attempt' }>,
  params: Asker['params'],
): boolean => params['job'] === principal.jobId && params['attempt'] === String(principal.attempt)
