import { AppError } from '../../domain/errors.ts'
import type { Job } from '../../domain/job.ts'
import type { Fence, WorkerIdentity } from '../../domain/lease.ts'
import type { Deferral, Pause, Settlement, Usage } from '../../domain/outcome.ts'
import type { WorkerPrincipal } from '../../domain/principal.ts'
import type { HubState } from '../context.ts'
import { heldAttemptOf } from './held-attempt.ts'

/**
 * Ends an attempt with its settlement. Idempotent: a repeated call with the same settlement changes
 * nothing and returns the job.
 */
export async function settle(
  { ledger, metrics }: HubState,
  fence: Fence,
  settlement: Settlement,
  usage: Usage | null,
): Promise<Job> {
  const job = await ledger.settle(fence, settlement, usage)
  metrics.ended(settlement.kind)
  return job
}

/** Ends an attempt and pauses its job. */
export async function pause(
  { ledger, metrics }: HubState,
  fence: Fence,
  why: Pause,
  usage: Usage | null,
): Promise<Job> {
  const job = await ledger.pause(fence, why, usage)
  metrics.ended('paused')
  return job
}

/** Ends an attempt that found a resource unavailable; see `Ledger.defer`. */
export async function defer(
  { ledger, metrics }: HubState,
  fence: Fence,
  why: Deferral,
  usage: Usage | null,
): Promise<Job> {
  const job = await ledger.defer(fence, why, usage)
  metrics.ended('deferred')
  return job
}

/**
 * Ends an attempt of a worker that is shutting down, and requeues the job. Does not count the
 * attempt as a failure.
 */
export async function handBack({ ledger, metrics }: HubState, fence: Fence): Promise<Job> {
  const job = await ledger.handBack(fence)
  metrics.ended('handed-back')
  return job
}

/**
 * Ends an attempt whose worker has been restarted, as if the lease had expired. Throws `scope-missing`
 * if another worker or another token claimed the attempt, and `request-invalid` if the worker has not
 * been restarted since it claimed the attempt.
 */
export async function abandon(
  hub: HubState,
  fence: Fence,
  worker: Pick<WorkerIdentity, 'id' | 'bootId'>,
  by: WorkerPrincipal,
): Promise<Job> {
  const held = await heldAttemptOf(worker, hub, fence, by)
  if (held.bootId === worker.bootId) {
    throw new AppError(
      'request-invalid',
      `Attempt ${fence.attempt} of job ${fence.jobId} belongs to the worker’s current run; only attempts of an earlier run can be abandoned.`,
    )
  }
  const job = await hub.ledger.abandon(fence)
  hub.metrics.ended('abandoned')
  return job
}
