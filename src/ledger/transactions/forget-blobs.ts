import { z } from 'zod'
import { blobUnnamed } from '../needed.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Found = z.object({ digest: z.string() })

/**
 * Deletes uploads stored before a moment that no job names, oldest first. Where transactions run side
 * by side, a submission that is about to name one keeps its row (`keepRows`), which is passed over;
 * one that comes later waits, and finds the upload missing.
 */
export async function forgetBlobs(tx: Tx, before: number, limit: number): Promise<number> {
  const found = await tx.all(
    sql`SELECT blob.digest FROM blob WHERE ${blobUnnamed(before)}
      ORDER BY blob.stored_at LIMIT ${limit} ${tx.skipLocked}`,
    Found,
  )
  let forgotten = 0
  for (const { digest } of found) {
    // A submission may have named it after it was found and before its row was locked.
    forgotten += await tx.run(
      sql`DELETE FROM blob WHERE digest = ${digest} AND ${blobUnnamed(before)}`,
    )
  }
  return forgotten
}
