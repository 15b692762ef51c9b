import { AppError } from '../domain/errors.ts'
import type { Access, AttemptPrincipal, Principal, Scope } from '../domain/principal.ts'

/** A path's parameters, not yet validated. */
type Params = Readonly<Record<string, string>>

/**
 * Throws `token-missing` if `principal` is null, and `scope-missing` if the principal may not use
 * the route.
 */
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
      throw new AppError('scope-missing', 'This request needs a token with the scope "worker".')
    case 'attempt':
      if (principal.kind === 'attempt' && isOwn(principal, params)) return
      throw new AppError(
        'scope-missing',
        'This request needs the token of the attempt named in its path.',
      )
  }
}

function demandScope(principal: Principal, scope: Scope): void {
  const scopes = principal.kind === 'user' ? principal.scopes : []
  if (scopes.includes(scope) || scopes.includes('admin')) return
  throw new AppError('scope-missing', `The token does not have the scope "${scope}".`, {
    details: { scope },
  })
}

const isOwn = ({ jobId, attempt }: AttemptPrincipal, params: Params): boolean =>
  params['job'] === jobId && params['attempt'] === String(attempt)
