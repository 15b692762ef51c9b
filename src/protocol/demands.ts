import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import type { Submission } from '../domain/job.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import { ANY_MODEL, osOffer } from '../domain/offer.ts'

const Uuid7 = z.uuid({ version: 'v7' })
const isUuid7 = (id: string): boolean => Uuid7.safeParse(id).success

/**
 * Properties of a job that older workers cannot handle, and the first protocol that supports each
 * property.
 */
const NEW_FACTS: readonly {
  readonly since: number
  readonly isIn: (job: Facts) => boolean
}[] = [
  { since: 2, isIn: ({ inputs = [] }) => inputs.length > 0 },
  { since: 2, isIn: ({ holdUntil }) => holdUntil !== undefined },
  { since: 2, isIn: ({ id }) => id !== undefined && !isUuid7(id) },
  { since: 2, isIn: ({ retryOf }) => retryOf !== undefined && !isUuid7(retryOf) },
]

/** The parts of a job that decide which protocol its worker must support. */
export type Facts = Pick<Submission, 'inputs' | 'holdUntil' | 'id'> & {
  /** The job that this job continues; absent if it continues none. */
  readonly retryOf?: JobId
}

/**
 * Returns a list with the demand `protocol:<number>`, or an empty list if every worker can run the
 * job. The demand becomes part of the job's lane, so that no worker with an older protocol gets the
 * job.
 * @param payload the first protocol whose workers understand the job's payload
 */
export function protocolDemand(payload: number, job: Facts): readonly string[] {
  const facts = NEW_FACTS.filter(({ isIn }) => isIn(job)).map(({ since }) => since)
  const needed = Math.max(payload, ...facts)
  return needed === 1 ? [] : [demandOf(needed)]
}

/**
 * Returns a worker's offers, and adds an offer for its sandbox and one for each protocol that it
 * supports, such as `protocol:2`. Also adds the offers that older workers do not send: a worker of
 * protocol 1 offers all agents and repositories, and a worker that does not send its operating
 * system offers local repositories and all models.
 */
export function offersOf({
  worker,
  protocol,
}: {
  readonly worker: Pick<WorkerIdentity, 'offers' | 'sandbox'>
  readonly protocol: number
}): string[] {
  const stated = protocol === 1 ? ['agent:*', 'repo:*'] : worker.offers
  const spoken = Array.from({ length: protocol }, (_, index) => demandOf(index + 1))
  const own = stated.filter((offer) => !offer.startsWith(PROTOCOL_DEMAND))
  const isOlder = !own.some((offer) => offer.startsWith(osOffer('')))
  return [...own, ...(isOlder ? UNSTATED : []), `sandbox:${worker.sandbox}`, ...spoken]
}

/**
 * Added for workers that do not send their operating system: their version cannot send these offers
 * either.
 */
const UNSTATED = ['local:*', ANY_MODEL]

const PROTOCOL_DEMAND = 'protocol:'
const demandOf = (protocol: number): string => `${PROTOCOL_DEMAND}${protocol}`
