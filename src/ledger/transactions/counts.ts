import { z } from 'zod'
import { JobState } from '../../domain/state.ts'
import { sql } from '../sql.ts'
import type { Tx } from '../transaction.ts'

const Count = z.object({ kind: z.string(), state: JobState, jobs: z.int() })
type Count = Readonly<z.infer<typeof Count>>

/** How many jobs of each kind are in each state; kept by the schema, so reading is free. */
export const counts = (tx: Tx): Promise<readonly Count[]> =>
  tx.all(sql`SELECT kind, state, jobs FROM job_count WHERE jobs > 0 ORDER BY kind, state`, Count)
