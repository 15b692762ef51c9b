import { AppError } from '../../domain/errors.ts'
import type { Fence, Renewal } from '../../domain/lease.ts'
import type { HubState } from '../context.ts'

/**
 * Renews a lease at once. Then waits up to `waitMs` for a cancel request, and returns as soon as
 * there is one. Throws `lease-lost` as soon as the attempt has ended.
 */
export async function renew(
  hub: HubState,
  { jobId, attempt }: Fence,
  { leaseMs, waitMs }: { readonly leaseMs: number; readonly waitMs: number },
  gone: AbortSignal,
): Promise<Renewal> {
  using watch = hub.watches.open(jobId)
  const renewal = await hub.ledger.renew({ jobId, attempt }, leaseMs)
  const end = hub.clock.monotonic() + waitMs
  for (;;) {
    const left = end - hub.clock.monotonic()
    if (renewal.cancelRequested || left <= 0 || gone.aborted) return renewal
    await watch.wait(left, gone)
    const job = await hub.ledger.job(jobId)
    if (job.attempt !== attempt || job.state !== 'running') {
      throw new AppError('lease-lost', `Attempt ${attempt} of job ${jobId} has ended.`)
    }
    if (job.cancelRequestedAt !== null) return { ...renewal, cancelRequested: true }
  }
}
