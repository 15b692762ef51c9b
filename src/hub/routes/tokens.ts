import type { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { TokenRow } from '../../ledger/port.ts'
import type { TokenInfo } from '../../protocol/schemas.ts'
import type { Endpoint } from '../handler.ts'
import { issueToken } from '../tokens.ts'

type Info = z.infer<typeof TokenInfo>
const DAY_MS = 86_400_000

/** Makes a token. The answer is the only place where it is ever seen. */
export const createToken: Endpoint<'createToken'> =
  (hub) =>
  async ({ body }) => {
    const { name, days } = body
    const scopes = [...new Set(body.scopes)]
    if (scopes.includes('worker') && scopes.length > 1) {
      throw new AppError(
        'request-invalid',
        'body.scopes: a worker’s token has the scope worker alone.',
      )
    }
    const expiresAt = days === null ? null : hub.clock.now() + days * DAY_MS
    const { id, token } = await issueToken(hub, { name, scopes, expiresAt })
    const row = (await hub.ledger.tokens()).find((kept) => kept.id === id)
    if (row === undefined) throw new Error('the ledger does not list a token it just made')
    return { token, info: infoOf(row) }
  }

export const listTokens: Endpoint<'listTokens'> = (hub) => async () => ({
  tokens: (await hub.ledger.tokens()).map(infoOf),
})

export const revokeToken: Endpoint<'revokeToken'> =
  (hub) =>
  async ({ params }) => {
    await hub.ledger.revokeToken(params.token)
    return null
  }

const infoOf = ({ lanes: _lanes, ...row }: TokenRow): Info => ({ ...row, scopes: [...row.scopes] })
