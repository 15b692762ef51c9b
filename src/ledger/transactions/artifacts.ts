import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { JobId } from '../../domain/id.ts'
import { Fence } from '../../domain/lease.ts'
import { lockJob } from '../advisory-locks.ts'
import { readEarlierArtifacts, readEarlierJobs } from '../earlier-jobs.ts'
import { readJob } from '../job-row.ts'
import type { ArtifactRow } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'
import { attempt } from './attempt.ts'

/** Maximum number of artifacts per attempt. It is limited because one response lists them all. */
const ARTIFACTS_MAX = 1000

/**
 * Records an artifact of a running or ended attempt. Replaces an earlier artifact of the same
 * attempt and name; if that artifact has the same digest, nothing changes.
 */
export async function addArtifact(tx: Tx, artifact: Omit<ArtifactRow, 'createdAt'>): Promise<void> {
  const { jobId, name, digest, size, mediaType } = artifact
  await lockJob(tx, jobId)
  if ((await attempt(tx, jobId, artifact.attempt)) === null) {
    throw new AppError('job-not-found', `Job ${jobId} has no attempt ${artifact.attempt}.`)
  }
  await checkRoom(tx, artifact)
  const changed = await tx.run(sql`
    INSERT INTO artifact (job_id, attempt, name, digest, size, media_type, created_at)
    VALUES (${jobId}, ${artifact.attempt}, ${name}, ${digest}, ${size}, ${mediaType}, ${tx.now})
    ON CONFLICT (job_id, attempt, name) DO UPDATE SET
      digest = excluded.digest, size = excluded.size, media_type = excluded.media_type,
      created_at = excluded.created_at
      WHERE artifact.digest <> excluded.digest`)
  if (changed > 0) tx.notify({ kind: 'job', jobId })
}

const Count = z.object({ others: z.int() })

async function checkRoom(
  tx: Tx,
  { jobId, attempt: number, name }: Pick<ArtifactRow, 'jobId' | 'attempt' | 'name'>,
): Promise<void> {
  const row = await tx.get(
    sql`SELECT count(*) AS others FROM artifact
      WHERE job_id = ${jobId} AND attempt = ${number} AND name <> ${name}`,
    Count,
  )
  if ((row?.others ?? 0) < ARTIFACTS_MAX) return
  throw new AppError('request-invalid', `An attempt may have at most ${ARTIFACTS_MAX} artifacts.`)
}

const Row = Fence.extend({
  name: z.string(),
  digest: z.string(),
  size: z.int(),
  mediaType: z.string(),
  createdAt: z.int(),
})

/** Lists all artifacts of a job, ordered by attempt and name. */
export async function artifacts(tx: Tx, jobId: JobId): Promise<readonly ArtifactRow[]> {
  await readJob(tx, jobId)
  return tx.all(
    sql`SELECT job_id AS "jobId", attempt, name, digest, size, media_type AS "mediaType",
        created_at AS "createdAt"
      FROM artifact WHERE job_id = ${jobId} ORDER BY attempt, name`,
    Row,
  )
}

/**
 * Lists the artifacts of the earlier jobs that this job continues: for each name, the newest
 * artifact.
 */
export async function earlierArtifacts(tx: Tx, jobId: JobId): Promise<readonly ArtifactRow[]> {
  const { retryOf } = await readJob(tx, jobId)
  return retryOf === null ? [] : readEarlierArtifacts(tx, await readEarlierJobs(tx, retryOf))
}
