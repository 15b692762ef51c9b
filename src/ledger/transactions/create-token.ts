import type { NewToken } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Keeps a token by its hash; the secret itself is never stored. */
export async function createToken(tx: Tx, token: NewToken): Promise<void> {
  await tx.run(sql`
    INSERT INTO token (id, hash, name, scopes, lanes, created_at, expires_at)
    VALUES (${token.id}, ${token.hash}, ${token.name}, ${JSON.stringify(token.scopes)},
      ${token.lanes === null || token.lanes === undefined ? null : JSON.stringify(token.lanes)}, ${tx.now}, ${token.expiresAt})`)
}
