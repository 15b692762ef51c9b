import { AppError } from '../../domain/errors.ts'
import type { Scope } from '../../domain/principal.ts'
import type { TokenRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'
import { issueToken } from '../tokens.ts'

const DAY_MS = 86_400_000

/** What an administrator specifies when asking the hub to create a token. */
export type TokenRequest = {
  readonly name: string
  readonly scopes: readonly Scope[]
  /**
   * For a worker's token: patterns for the jobs that the worker may run, such as `kind:code`. If
   * missing, the worker may run all jobs.
   */
  readonly lanes?: readonly string[] | undefined
  /** Days until the token expires, or null for no expiration. */
  readonly days: number | null
}

/**
 * Creates a token. The result contains the token itself, which is not stored and cannot be
 * retrieved later.
 */
export async function createToken(
  hub: HubState,
  { name, days, lanes, ...request }: TokenRequest,
): Promise<{ readonly token: string; readonly row: TokenRow }> {
  const scopes = [...new Set(request.scopes)]
  const isWorker = scopes.includes('worker')
  if (isWorker && scopes.length > 1) {
    throw new AppError(
      'request-invalid',
      'A token with the scope "worker" cannot have other scopes.',
    )
  }
  if (lanes !== undefined && !isWorker) {
    throw new AppError(
      'request-invalid',
      'Only a token with the scope "worker" can be restricted to certain jobs (lanes).',
    )
  }
  const expiresAt = days === null ? null : hub.clock.now() + days * DAY_MS
  const { id, token } = await issueToken(hub, { name, scopes, expiresAt, lanes: lanes ?? null })
  const row = (await hub.ledger.tokens()).find((kept) => kept.id === id)
  if (row === undefined) throw new Error('the ledger does not list the token that was just created')
  return { token, row }
}

/** Lists all tokens, including revoked and expired ones, without their secrets. */
export const listTokens = ({ ledger }: HubState): Promise<readonly TokenRow[]> => ledger.tokens()

/** Revokes a token, effective at once. Throws `token-not-found`. */
export const revokeToken = ({ ledger }: HubState, id: string): Promise<void> =>
  ledger.revokeToken(id)
