import { z } from 'zod'
import type { JobId } from '../domain/id.ts'
import type { Submission } from '../domain/job.ts'
import type { WorkerIdentity } from '../domain/lease.ts'

const Uuid7 = z.uuid({ version: 'v7' })
const isUuid7 = (id: string): boolean => Uuid7.safeParse(id).success

/** Facts of a job that workers of an older protocol could not bear, and the first protocol that can. */
const NEW_FACTS: readonly {
  readonly since: number
  readonly isIn: (job: Facts) => boolean
}[] = [
  { since: 2, isIn: ({ inputs = [] }) => inputs.length > 0 },
  { since: 2, isIn: ({ holdUntil }) => holdUntil !== undefined },
  { since: 2, isIn: ({ id }) => id !== undefined && !isUuid7(id) },
  { since: 2, isIn: ({ retryOf }) => retryOf !== undefined && !isUuid7(retryOf) },
]
export type Facts = Pick<Submission, 'inputs' | 'holdUntil' | 'id'> & {
  /** The job that it continues. */
  readonly retryOf?: JobId
}

/**
 * What a job demands of its worker’s protocol, as a part of its lane; nothing when every worker can
 * bear it.
 * @param payload the first protocol whose workers understand its payload
 */
export function protocolDemand(payload: number, job: Facts): readonly string[] {
  const facts = NEW_FACTS.filter(({ isIn }) => isIn(job)).map(({ since }) => since)
  const needed = Math.max(payload, ...facts)
  return needed === 1 ? [] : [demandOf(needed)]
}

/**
 * What a worker offers, with the protocols that it speaks. A worker of protocol 1 knew no offers:
 * every worker ran all agents and took any repository.
 */
export function offersOf({
  worker,
  protocol,
}: {
  readonly worker: Pick<WorkerIdentity, 'offers'>
  readonly protocol: number
}): string[] {
  const stated = protocol === 1 ? ['agent:*', 'repo:*'] : worker.offers
  const spoken = Array.from({ length: protocol }, (_, index) => demandOf(index + 1))
  return [...stated.filter((offer) => !offer.startsWith(PROTOCOL_DEMAND)), ...spoken]
}

const PROTOCOL_DEMAND = 'protocol:'
const demandOf = (protocol: number): string => `${PROTOCOL_DEMAND}${protocol}`
