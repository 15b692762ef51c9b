import { AppError } from '../../domain/errors.ts'
import type { Lease, WorkerIdentity } from '../../domain/lease.ts'
import type { WorkerPrincipal } from '../../domain/principal.ts'
import { offersOf } from '../../protocol/demands.ts'
import { PROTOCOL, serves } from '../../protocol/version.ts'
import type { HubState } from '../context.ts'
import { attemptSecret, attemptToken } from '../tokens.ts'

/** A worker's request for a job. */
export type LeaseRequest = {
  /**
   * An id that the worker chooses. If the response is lost and the worker repeats the request with
   * the same id, it gets the same lease.
   */
  readonly requestId: string
  readonly worker: WorkerIdentity
  /** The worker's protocol version. */
  readonly protocol: number
  readonly leaseMs: number
  readonly waitMs: number
}

/**
 * Waits up to `waitMs` for a job that this worker can serve, and leases it. Returns null if there
 * is no such job in time, or if `gone` aborts because the worker has disconnected or the hub is
 * closing. Throws `protocol-mismatch`. Throws `rate-limited` if too many claims are already
 * waiting.
 */
export async function claim(
  hub: HubState,
  request: LeaseRequest,
  by: WorkerPrincipal,
  gone: AbortSignal,
): Promise<Lease | null> {
  demandServed(hub.version, request)
  if (hub.claims.waiting >= hub.limits.waitingClaims) {
    throw new AppError('rate-limited', 'Too many workers are waiting for a job from this hub.', {
      details: { retryAfterSeconds: 1 },
    })
  }
  const worker = { ...request.worker, offers: offersOf(request) }
  const waiting = hub.claims.join(lineOf(worker, by))
  const end = hub.clock.monotonic() + request.waitMs
  try {
    while (!gone.aborted) {
      waiting.look()
      const lease = await claimNow(hub, { ...request, worker }, by)
      if (lease !== null) {
        waiting.callNext()
        return lease
      }
      const left = end - hub.clock.monotonic()
      if (left <= 0) return null
      await waiting.wait(left, gone)
    }
    return null
  } finally {
    waiting.leave()
  }
}

/**
 * The key of a worker's line. It contains everything that decides which jobs the worker can serve.
 */
const lineOf = (
  { kinds, labels, offers, accounts = [], sandbox }: WorkerIdentity,
  { lanes }: WorkerPrincipal,
): string =>
  JSON.stringify([
    kinds.toSorted(),
    labels.toSorted(),
    offers.toSorted(),
    accounts.toSorted(),
    lanes?.toSorted() ?? null,
    sandbox,
  ])

async function claimNow(
  hub: HubState,
  { requestId, worker, leaseMs }: LeaseRequest,
  { tokenId, lanes }: WorkerPrincipal,
): Promise<Lease | null> {
  const { secret, hash } = attemptSecret(hub.random)
  const claimed = await hub.ledger.claim({
    requestId,
    worker,
    leaseMs,
    heldBy: tokenId,
    tokenHash: hash,
    restrictedTo: lanes,
  })
  if (claimed === null) return null
  hub.metrics.claimed()
  const fence = { jobId: claimed.job.id, attempt: claimed.attempt }
  return { ...claimed, token: attemptToken(fence, secret) }
}

function demandServed(version: string, { worker, protocol }: LeaseRequest): void {
  if (serves({ version, protocol: PROTOCOL }, { version: worker.version, protocol })) return
  throw new AppError(
    'protocol-mismatch',
    `The worker has version ${worker.version} and protocol ${protocol}, but the hub has version ` +
      `${version} and protocol ${PROTOCOL}.`,
  )
}
