import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { tryHold } from '../hold.ts'
import { jobUnneeded, tokenUnneeded, workerUnneeded } from '../needed.ts'
import type { Unneeded } from '../port.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

/** Deletes what nobody has needed since a moment: jobs with all their rows, tokens, workers. */
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
    // Whoever is about to go on from it holds it; it may be needed again by then.
    if (!(await tryHold(tx, { id, locks: [] }))) continue
    forgotten += await tx.run(sql`DELETE FROM job WHERE id = ${id} AND ${jobUnneeded(before)}`)
  }
  return forgotten
}
