import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Submission } from '../domain/job.ts'
import type { WorkerIdentity } from '../domain/lease.ts'

/**
 * The protocol that this program speaks. Raised by one when a message changes so that an older
 * program on the other side would misunderstand it.
 */
export const PROTOCOL = 2

/** Names in a request the protocol of its sender; without it, it is the first. */
export const PROTOCOL_HEADER = 'millwright-protocol'

/** The protocol that a request is made in. Throws `request-invalid`. */
export function protocolIn(headers: IncomingHttpHeaders): number {
  const header = headers[PROTOCOL_HEADER]
  if (header === undefined) return 1
  if (typeof header === 'string' && /^[1-9]\d{0,3}$/.test(header)) return Number(header)
  throw new AppError('request-invalid', `${PROTOCOL_HEADER}: is not the number of a protocol.`)
}

const Uuid7 = z.uuid({ version: 'v7' })

/** Facts of a job that workers of an older protocol could not bear, and the first protocol that can. */
const NEW_FACTS: readonly {
  readonly since: number
  readonly isIn: (job: Facts) => boolean
}[] = [
  { since: 2, isIn: ({ inputs = [] }) => inputs.length > 0 },
  { since: 2, isIn: ({ holdUntil }) => holdUntil !== undefined },
  { since: 2, isIn: ({ id }) => id !== undefined && !Uuid7.safeParse(id).success },
]
type Facts = Pick<Submission, 'inputs' | 'holdUntil' | 'id'>

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

/** A program as it names itself when it asks for work. */
export type Speaker = { readonly version: string; readonly protocol: number }

/**
 * Whether a hub serves a worker: one of its own minor version and protocol, or of the ones before,
 * so that hubs are brought up to date first and workers one after the other.
 */
export function serves(hub: Speaker, worker: Speaker): boolean {
  const [own, other] = [minorOf(hub.version), minorOf(worker.version)]
  if (own === null || other === null || own.major !== other.major) return false
  return isSameOrBefore(other.minor, own.minor) && isSameOrBefore(worker.protocol, hub.protocol)
}

const isSameOrBefore = (one: number, other: number): boolean => one === other || one === other - 1

function minorOf(version: string): { readonly major: number; readonly minor: number } | null {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? []
  return minor === undefined ? null : { major: Number(major), minor: Number(minor) }
}
