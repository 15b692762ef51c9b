import type { Job } from '../domain/job.ts'
import { duration } from './quantity.ts'

/**
 * Says for how long the worker of a running job has not renewed its lease; null if that is at most
 * half of the lease's duration. A worker normally renews a lease after every quarter of the lease's
 * duration.
 */
export function silentWorker(
  { state, leaseUntil, renewedAt }: Pick<Job, 'state' | 'leaseUntil' | 'renewedAt'>,
  now: number,
): string | null {
  if (state !== 'running' || leaseUntil === null || renewedAt === null) return null
  const silentMs = now - renewedAt
  return silentMs > (leaseUntil - renewedAt) / 2
    ? `the worker has not responded for ${duration(silentMs)}`
    : null
}
