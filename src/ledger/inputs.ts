import { InputFile } from '../domain/input.ts'
import type { JobId } from '../domain/id.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** The files that a job brings along, by name. */
export const readInputs = (tx: Tx, jobId: JobId): Promise<readonly InputFile[]> =>
  tx.all(
    sql`SELECT input.name, input.digest, blob.size FROM input
      JOIN blob ON blob.digest = input.digest WHERE input.job_id = ${jobId} ORDER BY input.name`,
    InputFile,
  )
