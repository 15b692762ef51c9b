import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'

/**
 * The protocol that this program speaks. Raised by one when a message changes so that an older
 * program on the other side would misunderstand it.
 */
export const PROTOCOL = 2

/** Names in a request the protocol of its sender; without it, it is the first. */
export const PROTOCOL_HEADER = 'millwright-protocol'

/** A claim names the protocol of its worker, as it did before there was a header. */
const Named = z.object({ protocol: z.int() })

/**
 * The protocol that a request is made in: its header or its body names it, and without either it is
 * the first. Throws `request-invalid`, also when they name different ones.
 */
export function protocolOf(headers: IncomingHttpHeaders, body: unknown): number {
  const inHeader = protocolIn(headers)
  const inBody = Named.safeParse(body).data?.protocol
  if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
    throw new AppError(
      'request-invalid',
      `body.protocol: is ${inBody}, but the header ${PROTOCOL_HEADER} is ${inHeader}.`,
    )
  }
  return inHeader ?? inBody ?? 1
}

function protocolIn(headers: IncomingHttpHeaders): number | undefined {
  const header = headers[PROTOCOL_HEADER]
  if (header === undefined) return undefined
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
