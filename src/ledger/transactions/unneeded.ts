import { z } from 'zod'
import { blobUnneeded, jobUnneeded, tokenUnneeded, workerUnneeded } from '../needed.ts'
import type { Cutoffs, Unneeded } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Counts = z.object({ jobs: z.int(), tokens: z.int(), workers: z.int(), uploads: z.int() })

/** How much `forget` and then `forgetBlobs` would delete in all. */
export async function unneeded(tx: Tx, before: Cutoffs): Promise<Unneeded> {
  const counts = await tx.get(
    sql`SELECT
      (SELECT count(*) FROM job WHERE ${jobUnneeded(before.jobs)}) AS jobs,
      (SELECT count(*) FROM token WHERE ${tokenUnneeded(before.jobs)}) AS tokens,
      (SELECT count(*) FROM worker WHERE ${workerUnneeded(before.jobs)}) AS workers,
      (SELECT count(*) FROM blob WHERE ${blobUnneeded(before)}) AS uploads`,
    Counts,
  )
  return counts ?? { jobs: 0, tokens: 0, workers: 0, uploads: 0 }
}
