import type { Callback } from '../../domain/callback.ts'
import type { JobId } from '../../domain/id.ts'
import { readJob } from '../job-row.ts'
import { readCallbacks } from '../outbox.ts'
import type { Tx } from '../transaction.ts'

/** What a job's producer asked to be told. Throws `job-not-found`. */
export async function callbacks(tx: Tx, jobId: JobId): Promise<readonly Callback[]> {
  const { id } = await readJob(tx, jobId)
  return (await readCallbacks(tx, id)).map(({ url, events }) => ({ url, events }))
}
