import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?$/

/** What a guard looks at. */
export type GuardedRequest = {
  /** Path and query, or for a proxy request a whole address. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came: Node keeps only the first of two Host headers. */
  readonly rawHeaders: readonly string[]
}

/**
 * Keeps web pages away that the operator happens to visit: a page can reach loopback, and by DNS
 * rebinding under a name of its own, but it cannot choose the Host, Origin and Sec-Fetch headers.
 * Throws `host-refused` or `origin-refused`.
 * @param names further host names, with or without a port
 */
export function makeGuard(names: readonly string[]): (request: GuardedRequest) => void {
  const allowed = new Set([...LOOPBACK_NAMES, ...names].map((name) => name.toLowerCase()))
  return ({ url, headers, rawHeaders }) => {
    const host = headers.host?.toLowerCase() ?? ''
    const [, name] = HOST.exec(host) ?? []
    if (name === undefined || !(allowed.has(name) || allowed.has(host))) {
      throw new AppError('host-refused', `This hub is not called ${JSON.stringify(host)}.`)
    }
    if (!url.startsWith('/') || isNamedTwice(rawHeaders, 'host')) {
      throw new AppError('host-refused', 'A request must name its host once, in the Host header.')
    }
    refuseOtherOrigins(headers, host)
  }
}

function refuseOtherOrigins(headers: IncomingHttpHeaders, host: string): void {
  const origin = headers.origin
  if (origin !== undefined && !isOriginOf(origin, host)) {
    throw new AppError(
      'origin-refused',
      `Pages of ${JSON.stringify(origin)} may not call this hub.`,
    )
  }
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new AppError('origin-refused', `A ${JSON.stringify(site)} page may not call this hub.`)
  }
}

/** Whether a page of this origin was served by this host; http and https alike, for TLS ends in a proxy. */
const isOriginOf = (origin: string, host: string): boolean =>
  origin.toLowerCase() === `http://${host}` || origin.toLowerCase() === `https://${host}`

function isNamedTwice(rawHeaders: readonly string[], name: string): boolean {
  return (
    rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length > 1
  )
}
