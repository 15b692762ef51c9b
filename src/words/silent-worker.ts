import type { Job } from '../domain/job.ts'
import { duration } from './quantity.ts'

/**
 * Says for how long the worker of a running job has not renewed its lease; null if that is less than
 * half of the lease. A worker that is alive renews after every quarter.
 */
export function silentWorker(
  { state, leaseUntil, renewedAt }: Pick<Job, 'state' | 'leaseUntil' | 'renewedAt'>,
  now: number,
): string | null {
  if (state !== 'running' || leaseUntil === null || renewedAt === null) return null
  const silentMs = now - renewedAt
  return silentMs > (leaseUntil - renewedAt) / 2
    ? `no word from the worker for ${duration(silentMs)}`
    : null
}
