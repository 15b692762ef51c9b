import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'

/**
 * The protocol that this program speaks. Incremented when a message changes in a way that an older
 * program on the other side would misunderstand.
 */
export const PROTOCOL = 2

/** The header that names the protocol of the sender; without it, the protocol is 1. */
export const PROTOCOL_HEADER = 'millwright-protocol'

/** A claim also names the worker's protocol in its body, as it did before the header existed. */
const Named = z.object({ protocol: z.int() })

/**
 * The protocol of a request, from its header or its body; 1 when neither names one. Throws
 * `request-invalid`, also when the two differ.
 */
export function protocolOf(headers: IncomingHttpHeaders, body: unknown): number {
  const inHeader = protocolIn(headers)
  const inBody = Named.safeParse(body).data?.protocol
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    throw new AppError(
      'request-invalid',
      `body.protocol is ${inBody}, but the header ${PROTOCOL_HEADER} is ${inHeader}.`,
    )
  }
  return inHeader ?? inBody ?? 1
}

function protocolIn(headers: IncomingHttpHeaders): number | undefined {
  const header = headers[PROTOCOL_HEADER]
  if (header === undefined) return undefined
  if (typeof header === 'string' && /^[1-9]\d{0,3}$/.test(header)) return Number(header)
  throw new AppError('request-invalid', `The header ${PROTOCOL_HEADER} is not a protocol number.`)
}

/** Version and protocol of a hub or a worker. */
export type Speaker = { readonly version: string; readonly protocol: number }

/**
 * Whether a hub serves a worker: the worker's minor version and protocol must be the hub's own or
 * the previous ones, so that an upgrade starts with the hubs and continues worker by worker.
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
