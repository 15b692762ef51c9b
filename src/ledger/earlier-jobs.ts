import { z } from 'zod'
import { JobId } from '../domain/id.ts'
import { Fence } from '../domain/lease.ts'
import { byNewestWork, unsalvaged } from '../domain/newest-work.ts'
import { type Publication, PublicationOrNone } from '../domain/publication.ts'
import { json } from './column.ts'
import type { ArtifactRow } from './port.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** A job that a follow-up continues, directly or through other jobs. */
export type EarlierJob = { readonly id: JobId; readonly publication: Publication | null }

/** A follow-up continues at most this many jobs, because a claim reads each of them. */
const EARLIER_MAX = 100

const Row = z.object({
  id: JobId,
  retryOf: JobId.nullable(),
  publication: json(PublicationOrNone).nullable(),
})

/**
 * Reads the jobs that a follow-up continues, newest first. Starts with `newest`, the job that the
 * follow-up continues directly. Stops after a job that published, because its publication includes
 * the work of the jobs before it.
 */
export async function readEarlierJobs(tx: Tx, newest: JobId): Promise<readonly EarlierJob[]> {
  const jobs: EarlierJob[] = []
  let next: JobId | null = newest
  while (next !== null && jobs.length < EARLIER_MAX) {
    const row: z.infer<typeof Row> | undefined = await tx.get(
      sql`SELECT id, retry_of AS "retryOf", publication FROM job WHERE id = ${next}`,
      Row,
    )
    if (row === undefined) break
    jobs.push({ id: row.id, publication: row.publication })
    next = row.publication === null ? row.retryOf : null
  }
  return jobs
}

/** An artifact of an earlier job. `published` says whether that job has a publication. */
export type EarlierArtifact = ArtifactRow & { readonly published: boolean }

/**
 * Reads, for each artifact name, the newest of the earlier jobs' artifacts. The result is ordered
 * by name.
 */
export const readEarlierArtifacts = (
  tx: Tx,
  jobs: readonly EarlierJob[],
): Promise<readonly EarlierArtifact[]> => readNewest(tx, jobs, (name) => name)

/**
 * Reads the artifacts from which a follow-up continues. Like `readEarlierArtifacts`, but treats
 * `<name>` and the salvaged `salvage.<name>` as the same name, so that the result has only the
 * newer of the two.
 */
export const readContinuedArtifacts = (
  tx: Tx,
  jobs: readonly EarlierJob[],
): Promise<readonly EarlierArtifact[]> => readNewest(tx, jobs, unsalvaged)

/** @param keyOf maps an artifact's name to a key; the result has one artifact per key */
async function readNewest(
  tx: Tx,
  jobs: readonly EarlierJob[],
  keyOf: (name: string) => string,
): Promise<readonly EarlierArtifact[]> {
  const newest = new Map<string, EarlierArtifact>()
  for (const { id, publication } of jobs) {
    for (const artifact of (await newestArtifacts(tx, id)).toSorted(byNewestWork)) {
      const key = keyOf(artifact.name)
      if (newest.has(key)) continue
      newest.set(key, { ...artifact, published: publication !== null })
    }
  }
  return [...newest.values()].toSorted(({ name: one }, { name: other }) => (one < other ? -1 : 1))
}

const Artifact = Fence.extend({
  name: z.string(),
  digest: z.string(),
  size: z.int(),
  mediaType: z.string(),
  createdAt: z.int(),
})

const newestArtifacts = (tx: Tx, jobId: JobId): Promise<readonly ArtifactRow[]> =>
  tx.all(
    sql`SELECT job_id AS "jobId", attempt, name, digest, size, media_type AS "mediaType",
        created_at AS "createdAt"
      FROM artifact
      WHERE job_id = ${jobId} AND attempt = (
        SELECT max(newest.attempt) FROM artifact AS newest
        WHERE newest.job_id = artifact.job_id AND newest.name = artifact.name
      )`,
    Artifact,
  )
