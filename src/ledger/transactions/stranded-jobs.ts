import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { bestWaiter } from '../lock-keys.ts'
import type { StrandedJob } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ jobId: JobId, key: z.string() })

/**
 * Finds jobs that nothing will wake: they are parked on a lock key that no job holds, and no other
 * job of their lane has been woken for that key. Returns the best such job per key and lane. No
 * transaction leaves such a job behind (`lock-keys.ts`), but manual changes to the database can.
 */
export const strandedJobs = (tx: Pick<Tx, 'all'>, limit: number): Promise<readonly StrandedJob[]> =>
  tx.all(
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
      SELECT job.id AS "jobId", waiting.key FROM waiting
      JOIN job ON job.number = (${bestWaiter(sql`waiting.key`, sql`waiting.lane`)})
      WHERE NOT EXISTS (SELECT 1 FROM job_lock WHERE job_lock.key = waiting.key)
        AND NOT EXISTS (
          SELECT 1 FROM job AS woken
          WHERE woken.woken_for = waiting.key AND woken.lane = waiting.lane
        )
      LIMIT ${limit}`,
    Row,
  )
