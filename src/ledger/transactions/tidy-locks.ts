import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { wakeDue } from '../back-off.ts'
import { tryLockJobAndKeys } from '../advisory-locks.ts'
import { releaseKeys } from '../lock-keys.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Over = z.object({ id: JobId })

/**
 * Releases the lock keys of at most `limit` jobs that have kept them for longer than
 * `pausedLocksMs` after a pause. Returns the number of these jobs. Also wakes jobs whose backoff is
 * over.
 */
export async function tidyLocks(tx: Tx, limit: number): Promise<number> {
  await wakeDue(tx)
  const over = await tx.all(
    sql`SELECT id FROM job WHERE locks_until <= ${tx.now}
      ORDER BY locks_until LIMIT ${limit}`,
    Over,
  )
  let freed = 0
  for (const { id } of over) {
    if (!(await tryLockJobAndKeys(tx, id))) continue
    const changed = await tx.run(sql`
      UPDATE job SET locks_until = NULL
      WHERE id = ${id} AND locks_until <= ${tx.now}`)
    if (changed === 0) continue
    await releaseKeys(tx, id)
    freed += 1
  }
  return freed
}
