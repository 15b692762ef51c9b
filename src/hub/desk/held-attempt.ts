import { AppError } from '../../domain/errors.ts'
import type { Fence, WorkerIdentity } from '../../domain/lease.ts'
import type { WorkerPrincipal } from '../../domain/principal.ts'
import type { AttemptRow } from '../../ledger/port.ts'
import type { HubState } from '../context.ts'

/**
 * Returns an attempt that was claimed with the caller's token. Throws `job-not-found`. Throws
 * `scope-missing` if the attempt was claimed with another token or does not exist.
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

export type WorkerId = Pick<WorkerIdentity, 'id'>

/**
 * Returns an attempt that this worker claimed. Several workers can share one token, so this
 * function also compares the worker's id. Throws `job-not-found`. Throws `scope-missing` if another
 * worker or another token claimed the attempt, or if the attempt does not exist.
 */
export async function heldAttemptOf(
  { id }: WorkerId,
  hub: HubState,
  fence: Fence,
  by: WorkerPrincipal,
): Promise<AttemptRow> {
  const held = await heldAttempt(hub, fence, by)
  if (held.workerId === id) return held
  throw new AppError(
    'scope-missing',
    `Attempt ${fence.attempt} of job ${fence.jobId} was never leased to the worker ${id}.`,
  )
}
