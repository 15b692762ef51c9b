import { z } from 'zod'
import { blobUnnamed } from '../needed.ts'
import type { ForgottenBlobs } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ digest: z.string() })

/**
 * Deletes of so many uploads after a digest those that were stored before a moment and that no job
 * names. Where transactions run side by side, a submission that is about to name one keeps its row
 * (`keepRows`), which is passed over; one that comes later waits, and finds the upload missing.
 */
export async function forgetBlobs(
  tx: Tx,
  before: number,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<ForgottenBlobs> {
  const last = await tx.get(
    sql`SELECT digest FROM blob WHERE digest > ${after} ORDER BY digest
      LIMIT 1 OFFSET ${limit - 1}`,
    Row,
  )
  const end = last === undefined ? sql`` : sql`AND blob.digest <= ${last.digest}`
  const found = await tx.all(
    sql`SELECT blob.digest FROM blob
      WHERE blob.digest > ${after} ${end} AND ${blobUnnamed(before)} ${tx.skipLocked}`,
    Row,
  )
  let forgotten = 0
  for (const { digest } of found) {
    // A submission may have named it after it was found and before its row was locked.
    forgotten += await tx.run(
      sql`DELETE FROM blob WHERE digest = ${digest} AND ${blobUnnamed(before)}`,
    )
  }
  return { forgotten, last: last?.digest ?? null }
}
