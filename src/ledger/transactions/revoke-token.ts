import { AppError } from '../../domain/errors.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Ends a token from now on; revoking it twice keeps the first time. */
export async function revokeToken(tx: Tx, id: string): Promise<void> {
  const changed = await tx.run(
    sql`UPDATE token SET revoked_at = coalesce(revoked_at, ${tx.now}) WHERE id = ${id}`,
  )
  if (changed === 0) throw new AppError('token-not-found', `There is no token ${id}.`)
}
