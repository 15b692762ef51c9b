import { z } from 'zod'
import { jobUnneeded } from '../needed.ts'
import { list, sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Row = z.object({ digest: z.string() })

/** Which of these artifacts a job refers to, other than those unneeded since a moment. */
export async function referenced(
  tx: Tx,
  digests: readonly string[],
  before: number | null,
): Promise<ReadonlySet<string>> {
  const [first, ...others] = digests
  if (first === undefined) return new Set()
  const unless = before === null ? sql`` : sql`AND NOT (${jobUnneeded(before)})`
  const rows = await tx.all(
    sql`SELECT DISTINCT artifact.digest FROM artifact JOIN job ON job.id = artifact.job_id
      WHERE artifact.digest IN (${list([first, ...others])}) ${unless}`,
    Row,
  )
  return new Set(rows.map(({ digest }) => digest))
}
