import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { InputFile } from '../domain/input.ts'
import type { JobId } from '../domain/id.ts'
import type { NewJob } from './port.ts'
import { join, list, sql } from './sql.ts'
import type { Tx } from './transaction.ts'

/**
 * Maximum number of rows that one statement inserts or looks up. This also limits the number of
 * prepared statements, because statements with different numbers of rows have different SQL texts.
 */
const ROWS_MAX = 50

/** Reads a job's input files, ordered by name. */
export const readInputs = (tx: Tx, jobId: JobId): Promise<readonly InputFile[]> =>
  tx.all(
    sql`SELECT input.name, input.digest, blob.size FROM input
      JOIN blob ON blob.digest = input.digest WHERE input.job_id = ${jobId} ORDER BY input.name`,
    InputFile,
  )

type Naming = Pick<NewJob, 'inputs' | 'submitter'>

/**
 * Records the inputs of a new job. Throws `input-missing`, with the digests in `details.missing`,
 * if an input's bytes are not in the store or this submitter may not name them.
 */
export async function addInputs(
  tx: Tx,
  jobId: JobId,
  { inputs = [], submitter }: Naming,
): Promise<void> {
  const digests = [...new Set(inputs.map(({ digest }) => digest))].toSorted()
  const nameable = await keepNameable(tx, digests, submitter.tokenId)
  const missing = digests.filter((digest) => !nameable.has(digest))
  if (missing.length > 0) {
    throw new AppError(
      'input-missing',
      `These inputs have not been uploaded: ${missing.slice(0, 3).join(', ')}.`,
      {
        details: { missing },
      },
    )
  }
  for (const some of inGroups(inputs)) {
    const rows = some.map(({ name, digest }) => sql`(${jobId}, ${name}, ${digest})`)
    await tx.run(sql`INSERT INTO input (job_id, name, digest) VALUES ${join(rows, ', ')}`)
  }
}

const Row = z.object({ digest: z.string() })

/**
 * Returns those of the digests that the submitter may name: the ones uploaded with the submitter's
 * token, and the ones that a job already names. Locks their rows, so that they are not deleted
 * before the transaction ends.
 */
async function keepNameable(
  tx: Tx,
  digests: readonly string[],
  tokenId: string,
): Promise<ReadonlySet<string>> {
  const nameable = new Set<string>()
  for (const [first, ...others] of inGroups(digests)) {
    const rows = await tx.all(
      sql`SELECT digest FROM blob WHERE digest IN (${list([first, ...others])}) AND (
        EXISTS (SELECT 1 FROM upload WHERE upload.digest = blob.digest AND uploader = ${tokenId})
        OR EXISTS (SELECT 1 FROM input WHERE input.digest = blob.digest)
      ) ORDER BY digest ${tx.keepRows}`,
      Row,
    )
    for (const { digest } of rows) nameable.add(digest)
  }
  return nameable
}

function* inGroups<Item>(items: readonly Item[]): Generator<readonly [Item, ...Item[]]> {
  for (let from = 0; from < items.length; from += ROWS_MAX) {
    const [first, ...others] = items.slice(from, from + ROWS_MAX)
    if (first !== undefined) yield [first, ...others]
  }
}
