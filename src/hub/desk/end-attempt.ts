import type { Job } from '../../domain/job.ts'
import type { Fence } from '../../domain/lease.ts'
import type { Deferral, Pause, Settlement, Usage } from '../../domain/outcome.ts'
import type { HubState } from '../context.ts'

/**
 * Ends an attempt with its settlement. Idempotent: a repeated call with the same settlement returns
 * the job.
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

/** Ends an attempt that found a resource away. Does not count the attempt as a failure. */
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

/** Ends an attempt and requeues its job. Does not count the attempt as a failure. */
export async function handBack({ ledger, metrics }: HubState, fence: Fence): Promise<Job> {
  const job = await ledger.handBack(fence)
  metrics.ended('handed-back')
  return job
}
