import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { InputFile } from '../domain/input.ts'
import type { JobId } from '../domain/id.ts'
import type { NewJob } from './port.ts'
import { sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/** The files that a job brings along, by name. */
export const readInputs = (tx: Tx, jobId: JobId): Promise<readonly InputFile[]> =>
  tx.all(
    sql`SELECT input.name, input.digest, blob.size FROM input
      JOIN blob ON blob.digest = input.digest WHERE input.job_id = ${jobId} ORDER BY input.name`,
    InputFile,
  )

const Known = z.object({ uploader: z.string() })

/** Refers to uploaded bytes. Throws `input-missing`, with the digests in `details.missing`. */
export async function addInputs(tx: Tx, jobId: JobId, job: NewJob): Promise<void> {
  const missing: string[] = []
  for (const { name, digest } of job.inputs ?? []) {
    const blob = await tx.get(sql`SELECT uploader FROM blob WHERE digest = ${digest}`, Known)
    if (blob?.uploader !== job.submitter.tokenId) {
      missing.push(digest)
      continue
    }
    await tx.run(
      sql`INSERT INTO input (job_id, name, digest) VALUES (${jobId}, ${name}, ${digest})`,
    )
  }
  if (missing.length === 0) return
  throw new AppError('input-missing', `Not uploaded yet: ${missing.slice(0, 3).join(', ')}.`, {
    details: { missing },
  })
}
