import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { wakeDue } from '../back-off.ts'
import { tryHoldJob, tryHoldKey } from '../hold.ts'
import { bestWaiter, releaseKeys, wake } from '../lock-keys.ts'
import { sql, type Statement } from '../sql.ts'
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
    sql`SELECT id FROM job WHERE locks_until <= ${tx.now}
      ORDER BY locks_until LIMIT ${limit}`,
    Kept,
  )
  let freed = 0
  for (const { id } of over) {
    if (!(await tryHoldJob(tx, id))) continue
    const changed = await tx.run(sql`
      UPDATE job SET locks_until = NULL
      WHERE id = ${id} AND locks_until <= ${tx.now}`)
    if (changed === 0) continue
    await releaseKeys(tx, id)
    freed += 1
  }
  return freed
}

/**
 * A lane is stranded when it waits for a free key and none of it was woken. No transaction leaves
 * one behind; this is for what no program foresees, such as a database repaired by hand.
 */
async function wakeStranded(tx: Tx, limit: number): Promise<number> {
  const found = await tx.all(
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
      SELECT key, lane FROM waiting WHERE ${isStranded(sql`waiting.key`, sql`waiting.lane`)}
      LIMIT ${Math.max(limit, 0)}`,
    Stranded,
  )
  let woken = 0
  for (const { key, lane } of found) {
    if (!(await tryHoldKey(tx, key))) continue
    const best = bestWaiter(key, sql`${lane}`)
    const still = isStranded(sql`${key}`, sql`${lane}`)
    woken += await wake(tx, sql`SELECT number FROM (${best}) AS best WHERE ${still}`)
  }
  return woken
}

const Stranded = z.object({ key: z.string(), lane: z.string() })

const isStranded = (key: Statement, lane: Statement): Statement => sql`
  NOT EXISTS (SELECT 1 FROM job_lock WHERE job_lock.key = ${key})
  AND NOT EXISTS (SELECT 1 FROM job WHERE woken_for = ${key} AND job.lane = ${lane})`
