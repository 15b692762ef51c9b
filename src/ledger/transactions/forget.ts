import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { tryLock } from '../advisory-locks.ts'
import { blobUnnamed, jobUnneeded, tokenUnneeded, workerUnneeded } from '../needed.ts'
import type { ForgottenBlobs, Unneeded } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Deletes unneeded jobs with all their rows, tokens and workers; see `needed.ts`. */
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
    // A submission that continues this job holds its lock; afterwards the job may be needed again.
    if (!(await tryLock(tx, { id, locks: [] }))) continue
    forgotten += await tx.run(sql`DELETE FROM job WHERE id = ${id} AND ${jobUnneeded(before)}`)
  }
  return forgotten
}

const Blob = z.object({ digest: z.string() })

/**
 * Checks the next `limit` uploads after a digest and deletes those that were stored before a time and
 * that no job names. A concurrent submission that names an upload has its row locked (`keepRows`), so
 * it is skipped; a submission that comes later waits and then finds the upload missing.
 */
export async function forgetBlobs(
  tx: Tx,
  before: number,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<ForgottenBlobs> {
  const last = await tx.get(
    sql`SELECT digest FROM blob WHERE digest > ${after} ORDER BY digest
      LIMIT 1 OFFSET ${limit - 1}`,
    Blob,
  )
  const end = last === undefined ? sql`` : sql`AND blob.digest <= ${last.digest}`
  const found = await tx.all(
    sql`SELECT blob.digest FROM blob
      WHERE blob.digest > ${after} ${end} AND ${blobUnnamed(before)} ${tx.skipLocked}`,
    Blob,
  )
  let forgotten = 0
  for (const { digest } of found) {
    // A submission may have named it between the snapshot of the SELECT and the lock on its row.
    forgotten += await tx.run(
      sql`DELETE FROM blob WHERE digest = ${digest} AND ${blobUnnamed(before)}`,
    )
  }
  return { forgotten, last: last?.digest ?? null }
}
