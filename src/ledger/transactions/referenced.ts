import { z } from 'zod'
import { blobUnneeded, jobUnneeded } from '../needed.ts'
import type { Cutoffs } from '../port.ts'
import { list, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ digest: z.string() })

/**
 * Which of these digests an artifact or an upload has, other than those unneeded by then. An input
 * has an upload for as long as its job is there.
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
    Row,
  )
  return new Set(rows.map(({ digest }) => digest))
}
