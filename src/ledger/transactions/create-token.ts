import type { NewToken } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Keeps a token by its hash; the secret itself is never stored. */
export async function createToken(tx: Tx, token: NewToken): Promise<void> {
  const lanes = token.lanes === null ? null : JSON.stringify(token.lanes)
  await tx.run(sql`
    INSERT INTO token (id, hash, name, scopes, lanes, created_at, expires_at)
    VALUES (${token.id}, ${token.hash}, ${token.name}, ${JSON.stringify(token.scopes)}, ${lanes},
      ${tx.now}, ${token.expiresAt})`)
}
