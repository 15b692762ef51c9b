import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'

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
