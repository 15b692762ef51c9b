import { AppError } from '../domain/errors.ts'
import type { Access, AttemptPrincipal, Principal, Scope } from '../domain/principal.ts'

/** The path's parameters as sent. */
type Params = Readonly<Record<string, string>>

/** Checks that a principal may use a route. Throws `token-missing` for null, and `scope-missing`. */
export function demandAccess(
  principal: Principal | null,
  access: Exclude<Access, { kind: 'public' }>,
  params: Params,
): void {
  if (principal === null) throw new AppError('token-missing', 'This request needs a token.')
  switch (access.kind) {
    case 'scope':
      return demandScope(principal, access.scope)
    case 'worker':
      if (principal.kind === 'worker') return
      throw new AppError('scope-missing', 'This request needs a token with the scope worker.')
    case 'attempt':
      if (principal.kind === 'attempt' && isOwn(principal, params)) return
      throw new AppError('scope-missing', 'This request needs the token of the attempt it names.')
  }
}

function demandScope(principal: Principal, scope: Scope): void {
  const scopes = principal.kind === 'user' ? principal.scopes : []
  if (scopes.includes(scope) || scopes.includes('admin')) return
  throw new AppError('scope-missing', `The token lacks the scope ${scope}.`, { details: { scope } })
}

const isOwn = ({ jobId, attempt }: AttemptPrincipal, params: Params): boolean =>
  params['job'] === jobId && params['attempt'] === String(attempt)
