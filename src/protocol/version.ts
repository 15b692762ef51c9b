import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'

/**
 * Protocol version of this program. Increment it when a request or response changes in a way that an
 * older hub or client would misunderstand.
 */
export const PROTOCOL = 2

/** Header with the sender's protocol version. Programs of protocol 1 do not send it. */
export const PROTOCOL_HEADER = 'millwright-protocol'

/** A claim's body also has the worker's protocol version, because protocol 1 had no header for it. */
const Named = z.object({ protocol: z.int() })

/**
 * Returns a request's protocol version from its header or its body, or 1 if both lack it. Throws
 * `request-invalid` if the header is malformed or if header and body differ.
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
  throw new AppError(
    'request-invalid',
    `The header ${PROTOCOL_HEADER} must be a protocol version, such as ${PROTOCOL}.`,
  )
}

/** Program version and protocol version of a hub or a worker. */
export type Speaker = { readonly version: string; readonly protocol: number }

/**
 * Whether a hub accepts a worker. Their major versions must be equal. The worker's minor version
 * must be equal to the hub's or one lower; so must the worker's protocol. This allows upgrading the
 * hub first and then one worker after the other.
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
