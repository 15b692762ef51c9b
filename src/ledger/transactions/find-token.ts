import type { TokenRow } from '../port.ts'
import { sql } from '../sql.ts'
import { SELECT_TOKEN, TokenColumns } from '../token-row.ts'
import type { Tx } from '../transaction.ts'

/** Being used is written down this often; a request must not cost a disk write each time. */
const USED_EVERY_MS = 60_000

/** The token with this hash; null when it is unknown, revoked or expired. */
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
