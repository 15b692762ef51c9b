import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { blobUnneeded, jobUnneeded, tokenUnneeded, workerUnneeded } from '../needed.ts'
import { lastOfPage, upTo } from '../blob-page.ts'
import type { BlobPage, Cutoffs, Unneeded, UnneededBlobs } from '../port.ts'
import { list, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Counts = z.object({ jobs: z.int(), tokens: z.int(), workers: z.int() })

/** Counts the rows that `forget` would delete. */
export async function unneeded(tx: Tx, before: number): Promise<Omit<Unneeded, 'uploads'>> {
  const counts = await tx.get(
    sql`SELECT
      (SELECT count(*) FROM job WHERE ${jobUnneeded(before)}) AS jobs,
      (SELECT count(*) FROM token WHERE ${tokenUnneeded(before)}) AS tokens,
      (SELECT count(*) FROM worker WHERE ${workerUnneeded(before)}) AS workers`,
    Counts,
  )
  return counts ?? { jobs: 0, tokens: 0, workers: 0 }
}

const Blob = z.object({ digest: z.string() })
const Count = z.object({ count: z.int() })

/**
 * Counts the uploads of one page that `forgetBlobs` would delete if `forget` ran first. Counts page
 * by page, because one statement over all uploads would block other transactions for too long.
 */
export async function unneededBlobs(
  tx: Tx,
  before: Cutoffs,
  { after, limit }: BlobPage,
): Promise<UnneededBlobs> {
  const last = await lastOfPage(tx, { after, limit })
  const found = await tx.get(
    sql`SELECT count(*) AS count FROM blob
      WHERE blob.digest > ${after} ${upTo(last)} AND ${blobUnneeded(before)}`,
    Count,
  )
  return { count: found?.count ?? 0, last }
}

/**
 * Returns those of the digests that an artifact or an upload refers to. If `before` is not null,
 * ignores the rows that are unneeded according to these cutoffs. Inputs are not queried, because an
 * input's upload is kept as long as its job.
 */
export async function referenced(
  tx: Tx,
  digests: readonly string[],
  before: Cutoffs | null,
): Promise<ReadonlySet<string>> {
  const [first, ...others] = digests
  if (first === undefined) return new Set()
  const asked = list([first, ...others])
  const neededJob = before === null ? sql`` : sql`AND NOT (${jobUnneeded(before.jobs)})`
  const neededBlob = before === null ? sql`` : sql`AND NOT (${blobUnneeded(before)})`
  const rows = await tx.all(
    sql`SELECT artifact.digest FROM artifact JOIN job ON job.id = artifact.job_id
        WHERE artifact.digest IN (${asked}) ${neededJob}
      UNION
      SELECT blob.digest FROM blob WHERE blob.digest IN (${asked}) ${neededBlob}`,
    Blob,
  )
  return new Set(rows.map(({ digest }) => digest))
}

const Ending = z.object({ id: JobId, endedAt: z.int().nullable() })

/**
 * Returns the time (epoch ms) at which each of these jobs ended, or null for an unfinished job.
 * Unknown jobs are left out.
 */
export async function endings(
  tx: Tx,
  jobIds: readonly JobId[],
): Promise<ReadonlyMap<JobId, number | null>> {
  const [first, ...others] = jobIds
  if (first === undefined) return new Map()
  const rows = await tx.all(
    sql`SELECT id, ended_at AS "endedAt" FROM job WHERE id IN (${list([first, ...others])})`,
    Ending,
  )
  return new Map(rows.map(({ id, endedAt }) => [id, endedAt]))
}
