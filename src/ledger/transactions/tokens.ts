import type { TokenRow } from '../port.ts'
import { sql } from '../sql.ts'
import { SELECT_TOKEN, TokenColumns } from '../token-row.ts'
import type { Tx } from '../transaction.ts'

/** All tokens, revoked and expired ones too, oldest first. */
export const tokens = (tx: Tx): Promise<readonly TokenRow[]> =>
  tx.all(sql`${SELECT_TOKEN} ORDER BY created_at, id`, TokenColumns)
