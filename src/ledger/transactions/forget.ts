import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { tryLock } from '../advisory-locks.ts'
import { lastOfPage, upTo } from '../blob-page.ts'
import { blobUnnamed, jobUnneeded, tokenUnneeded, workerUnneeded } from '../needed.ts'
import type { BlobPage, ForgottenBlobs, Unneeded } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/**
 * Deletes all unneeded tokens and workers, and at most `limit` unneeded jobs with all their rows.
 * `needed.ts` defines what is unneeded.
 */
export async function forget(
  tx: Tx,
  before: number,
  limit: number,
): Promise<Omit<Unneeded, 'uploads'>> {
  const jobs = await forgetJobs(tx, before, limit)
  const tokens = await tx.run(sql`DELETE FROM token WHERE ${tokenUnneeded(before)}`)
  const workers = await tx.run(sql`DELETE FROM worker WHERE ${workerUnneeded(before)}`)
  return { jobs, tokens, workers }
}

const Found = z.object({ id: JobId })

async function forgetJobs(tx: Tx, before: number, limit: number): Promise<number> {
  const found = await tx.all(
    sql`SELECT job.id FROM job WHERE ${jobUnneeded(before)}
      ORDER BY job.ended_at LIMIT ${limit} ${tx.skipLocked}`,
    Found,
  )
  let forgotten = 0
  for (const { id } of found) {
    // Skip a job that another transaction has locked: that transaction may be submitting a job that
    // continues this one, and then this job is needed.
    if (!(await tryLock(tx, { id, locks: [] }))) continue
    forgotten += await tx.run(sql`DELETE FROM job WHERE id = ${id} AND ${jobUnneeded(before)}`)
  }
  return forgotten
}

const Blob = z.object({ digest: z.string() })

/**
 * Checks the next `limit` uploads after the digest `after`. Deletes those that were stored before
 * `before` and that no job names. Skips an upload whose row is locked (`keepRows`) by a concurrent
 * submission that names it. A submission that comes after the deletion has begun waits for it to
 * finish, and then finds that the upload is missing.
 */
export async function forgetBlobs(tx: Tx, before: number, page: BlobPage): Promise<ForgottenBlobs> {
  const last = await lastOfPage(tx, page)
  const found = await tx.all(
    sql`SELECT blob.digest FROM blob
      WHERE blob.digest > ${page.after} ${upTo(last)} AND ${blobUnnamed(before)} ${tx.skipLocked}`,
    Blob,
  )
  let forgotten = 0
  for (const { digest } of found) {
    // Check the condition again in the DELETE, because a submission may have named the upload after
    // the SELECT took its snapshot and before the SELECT locked the row.
    forgotten += await tx.run(
      sql`DELETE FROM blob WHERE digest = ${digest} AND ${blobUnnamed(before)}`,
    )
  }
  return { forgotten, last }
}
