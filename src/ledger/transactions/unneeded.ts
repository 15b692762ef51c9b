import { z } from 'zod'
import { jobUnneeded, tokenUnneeded, workerUnneeded } from '../needed.ts'
import type { Unneeded } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Counts = z.object({ jobs: z.int(), tokens: z.int(), workers: z.int() })

/** How much `forget` would delete in all. */
export async function unneeded(tx: Tx, before: number): Promise<Unneeded> {
  const counts = await tx.get(
    sql`SELECT
      (SELECT count(*) FROM job WHERE ${jobUnneeded(before)}) AS jobs,
      (SELECT count(*) FROM token WHERE ${tokenUnneeded(before)}) AS tokens,
      (SELECT count(*) FROM worker WHERE ${workerUnneeded(before)}) AS workers`,
    Counts,
  )
  return counts ?? { jobs: 0, tokens: 0, workers: 0 }
}
