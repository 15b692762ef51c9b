import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { readJob } from '../job-row.ts'
import type { ArtifactRow } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({
  jobId: JobId,
  attempt: z.int(),
  name: z.string(),
  digest: z.string(),
  size: z.int(),
  mediaType: z.string(),
  createdAt: z.int(),
})

/** All artifacts of a job, by attempt and name. */
export async function artifacts(tx: Tx, jobId: JobId): Promise<readonly ArtifactRow[]> {
  await readJob(tx, jobId)
  return tx.all(
    sql`SELECT job_id AS "jobId", attempt, name, digest, size, media_type AS "mediaType",
        created_at AS "createdAt"
      FROM artifact WHERE job_id = ${jobId} ORDER BY attempt, name`,
    Row,
  )
}
