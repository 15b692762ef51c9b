import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { Scope } from '../../domain/principal.ts'
import { json } from '../column.ts'
import type { NewToken, TokenRow } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Selects tokens in the form that `TokenColumns` parses. Callers may append a WHERE clause. */
const SELECT_TOKEN = sql`
  SELECT id, name, scopes, lanes, created_at AS "createdAt", expires_at AS "expiresAt",
    revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"
  FROM token`

const TokenColumns = z.object({
  id: z.string(),
  name: z.string(),
  scopes: json(z.array(Scope)),
  lanes: json(z.array(z.string())).nullable(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  lastUsedAt: z.int().nullable(),
})

/** Stores a token with the hash of its secret; the secret itself is never stored. */
export async function createToken(tx: Tx, token: NewToken): Promise<void> {
  const lanes = token.lanes === null ? null : JSON.stringify(token.lanes)
  await tx.run(sql`
    INSERT INTO token (id, hash, name, scopes, lanes, created_at, expires_at)
    VALUES (${token.id}, ${token.hash}, ${token.name}, ${JSON.stringify(token.scopes)}, ${lanes},
      ${tx.now}, ${token.expiresAt})`)
}

/**
 * Shortest time between two updates of `last_used_at`, so that not every request causes a disk
 * write.
 */
const USED_EVERY_MS = 60_000

/**
 * Returns the token with this hash, or null if it is unknown, revoked or expired. Records that the
 * token was used, at most once a minute.
 */
export async function findToken(tx: Tx, hash: string): Promise<TokenRow | null> {
  const token = await tx.get(
    sql`${SELECT_TOKEN}
      WHERE hash = ${hash} AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > ${tx.now})`,
    TokenColumns,
  )
  if (token === undefined) return null
  if (tx.now - (token.lastUsedAt ?? 0) < USED_EVERY_MS) return token
  await tx.run(sql`UPDATE token SET last_used_at = ${tx.now} WHERE id = ${token.id}`)
  return { ...token, lastUsedAt: tx.now }
}

/** Lists all tokens, including revoked and expired ones, oldest first. */
export const tokens = (tx: Tx): Promise<readonly TokenRow[]> =>
  tx.all(sql`${SELECT_TOKEN} ORDER BY created_at, id`, TokenColumns)

/**
 * Revokes a token. If it is already revoked, it keeps the time of its first revocation. Throws
 * `token-not-found`.
 */
export async function revokeToken(tx: Tx, id: string): Promise<void> {
  const changed = await tx.run(
    sql`UPDATE token SET revoked_at = coalesce(revoked_at, ${tx.now}) WHERE id = ${id}`,
  )
  if (changed === 0) throw new AppError('token-not-found', `There is no token ${id}.`)
}
