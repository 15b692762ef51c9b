import { AppError } from '../../domain/errors.ts'
import type { Fence, Lease } from '../../domain/lease.ts'
import { PROTOCOL, serves } from '../../protocol/version.ts'
import type { HubState } from '../context.ts'
import type { Call, Endpoint } from '../handler.ts'
import { attemptSecret, attemptToken } from '../tokens.ts'

const fenceOf = (params: { job: Fence['jobId']; attempt: number }): Fence => ({
  jobId: params.job,
  attempt: params.attempt,
})

/** Waits in line for a job that this worker can serve. A worker that went away gets none. */
export const claimLease: Endpoint<'claimLease'> = (hub) => async (call) => {
  demandServed(hub.version, call.body)
  if (hub.claims.waiting >= hub.limits.waitingClaims) {
    throw new AppError('rate-limited', 'Too many workers wait for work at this hub.', {
      details: { retryAfterSeconds: 1 },
    })
  }
  const { kinds, labels, sandbox } = call.body.worker
  const place = hub.claims.join(JSON.stringify([kinds.toSorted(), labels.toSorted(), sandbox]))
  const gone = call.gone()
  const end = hub.clock.monotonic() + call.body.waitMs
  try {
    while (!gone.aborted) {
      place.look()
      const lease = await claim(hub, call)
      if (lease !== null) {
        place.callNext()
        return lease
      }
      const left = end - hub.clock.monotonic()
      if (left <= 0) return null
      await place.wait(left, gone)
    }
    return null
  } finally {
    place.leave()
  }
}

async function claim(
  hub: HubState,
  { body, principal }: Call<'claimLease'>,
): Promise<Lease | null> {
  const { secret, hash } = attemptSecret(hub.random)
  const { requestId, worker, leaseMs } = body
  const heldBy = principal.tokenId
  const held = { heldBy, tokenHash: hash, restrictedTo: null }
  const claimed = await hub.ledger.claim({ requestId, worker, leaseMs, ...held })
  if (claimed === null) return null
  hub.metrics.claimed()
  const fence = { jobId: claimed.job.id, attempt: claimed.attempt }
  return { ...claimed, token: attemptToken(fence, secret) }
}

function demandServed(version: string, { worker, protocol }: Call<'claimLease'>['body']): void {
  if (serves({ version, protocol: PROTOCOL }, { version: worker.version, protocol })) return
  throw new AppError(
    'protocol-mismatch',
    `The worker is version ${worker.version} with protocol ${protocol}, the hub ${version} with ` +
      `protocol ${PROTOCOL}.`,
  )
}

/** Renews at once; then, if asked to, holds the answer until a cancel comes. */
export const renewLease: Endpoint<'renewLease'> = (hub) => async (call) => {
  const { jobId, attempt } = fenceOf(call.params)
  using watch = hub.watches.open(jobId)
  const renewal = await hub.ledger.renew({ jobId, attempt }, call.body.leaseMs)
  const end = hub.clock.monotonic() + call.body.waitMs
  const gone = call.gone()
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

export const appendEvents: Endpoint<'appendEvents'> =
  (hub) =>
  async ({ params, body }) => {
    await hub.ledger.appendEvents(fenceOf(params), body.from, body.events)
    return null
  }

export const addCheckpoint: Endpoint<'addCheckpoint'> =
  (hub) =>
  async ({ params, body }) => {
    await hub.ledger.checkpoint(fenceOf(params), body)
    return null
  }

export const intendPublication: Endpoint<'intendPublication'> =
  (hub) =>
  async ({ params, body }) => {
    await hub.ledger.intendPublication(fenceOf(params), body)
    return null
  }

export const settleLease: Endpoint<'settleLease'> =
  (hub) =>
  async ({ params, body }) => {
    const job = await hub.ledger.settle(fenceOf(params), body.settlement, body.usage)
    hub.metrics.ended(body.settlement.kind)
    return job
  }

export const pauseLease: Endpoint<'pauseLease'> =
  (hub) =>
  async ({ params, body }) => {
    const { usage, resumeAt, ...pause } = body
    const until = resumeAt === undefined ? {} : { resumeAt }
    const job = await hub.ledger.pause(fenceOf(params), { ...pause, ...until }, usage)
    hub.metrics.ended('paused')
    return job
  }

export const handBackLease: Endpoint<'handBackLease'> =
  (hub) =>
  async ({ params }) => {
    const job = await hub.ledger.handBack(fenceOf(params))
    hub.metrics.ended('handed-back')
    return job
  }
