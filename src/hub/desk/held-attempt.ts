import { AppError } from '../../domain/errors.ts'
import type { Fence } from '../../domain/lease.ts'
import type { WorkerPrincipal } from '../../domain/principal.ts'
import type { AttemptRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'

/**
 * Returns an attempt that was claimed with the caller's token. Throws `job-not-found`, and
 * `scope-missing` if it was claimed with another token or does not exist.
 */
export async function heldAttempt(
  { ledger }: HubState,
  { jobId, attempt }: Fence,
  { tokenId }: WorkerPrincipal,
): Promise<AttemptRow> {
  await ledger.job(jobId)
  const row = await ledger.attempt(jobId, attempt)
  if (row?.heldBy === tokenId) return row
  throw new AppError(
    'scope-missing',
    `Attempt ${attempt} of job ${jobId} was never leased to this worker.`,
  )
}
