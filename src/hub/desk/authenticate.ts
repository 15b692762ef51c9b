import { AppError } from '../../domain/errors.ts'
import type { Principal } from '../../domain/principal.ts'
import type { Ledger } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { parseToken, type ParsedToken, sameDigest } from '../tokens.ts'

/**
 * Returns the principal that a token belongs to. Throws `token-invalid` if the token is malformed,
 * unknown, expired or revoked. The message is the same in all these cases, so that the response
 * does not reveal which one it is. Throws `rate-limited` instead if this address has sent too many
 * invalid tokens.
 */
export async function authenticate(
  { ledger, failedLogins }: HubState,
  text: string,
  address: string,
): Promise<Principal> {
  const token = parseToken(text)
  const principal = token === null ? null : await resolve(ledger, token)
  if (principal !== null) return principal

  const retryAfterSeconds = failedLogins.note(address)
  if (retryAfterSeconds !== null) {
    throw new AppError(
      'rate-limited',
      'Too many requests from this address had an invalid token.',
      {
        details: { retryAfterSeconds },
      },
    )
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
  const { id: tokenId, name, scopes, lanes } = row
  if (scopes.includes('worker')) return { kind: 'worker', tokenId, name, lanes }
  return { kind: 'user', tokenId, name, scopes }
}
