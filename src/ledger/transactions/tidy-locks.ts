import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { wakeDue } from '../back-off.ts'
import { bestWaiter, releaseKeys, wake } from '../lock-keys.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Frees lock keys that pauses have kept long enough and heals lanes whose wake-up got lost. */
export async function tidyLocks(tx: Tx, limit: number): Promise<number> {
  await wakeDue(tx)
  const freed = await freeKept(tx, limit)
  return freed + (await wakeStranded(tx, limit - freed))
}

const Kept = z.object({ id: JobId })

async function freeKept(tx: Tx, limit: number): Promise<number> {
  const over = await tx.all(
    sql`SELECT id FROM job WHERE locks_until IS NOT NULL AND locks_until <= ${tx.now}
      ORDER BY locks_until LIMIT ${limit}`,
    Kept,
  )
  for (const { id } of over) {
    await tx.run(sql`
      UPDATE job SET locks_until = NULL
      WHERE id = ${id} AND state <> 'running' AND locks_until <= ${tx.now}`)
    await releaseKeys(tx, id)
  }
  return over.length
}

/**
 * A lane is stranded when it waits for a free key and none of it was woken. No transaction leaves
 * one behind; this is for what no program foresees, such as a database mended by hand.
 */
const wakeStranded = (tx: Tx, limit: number): Promise<number> =>
  wake(
    tx,
    sql`
      WITH RECURSIVE waiting (key, lane) AS (
        SELECT * FROM (
          SELECT parked_on, lane FROM job WHERE parked_on IS NOT NULL
          ORDER BY parked_on, lane LIMIT 1
        ) AS first
        UNION ALL
        SELECT job.parked_on, job.lane FROM waiting JOIN job ON job.number = coalesce(
          (SELECT number FROM job WHERE parked_on = waiting.key AND lane > waiting.lane
            ORDER BY lane LIMIT 1),
          (SELECT number FROM job WHERE parked_on > waiting.key ORDER BY parked_on, lane LIMIT 1)
        )
      )
      SELECT (${bestWaiter(sql`waiting.key`, sql`waiting.lane`)}) FROM waiting
      WHERE NOT EXISTS (SELECT 1 FROM job_lock WHERE job_lock.key = waiting.key)
        AND NOT EXISTS (
          SELECT 1 FROM job WHERE woken_for = waiting.key AND job.lane = waiting.lane
        )
      LIMIT ${Math.max(limit, 0)}`,
  )
