import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?$/

/** The parts of a request that a guard checks. */
export type GuardedRequest = {
  /** The path and query. If the client treats the hub as a proxy, a full URL. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /**
   * Header names and values alternating, as received. The guard needs this list to detect a second
   * Host header, because `headers` contains only the first.
   */
  readonly rawHeaders: readonly string[]
}

/**
 * Makes a guard that rejects requests from web pages of other sites. If the operator's browser
 * opens such a page, the page can send requests to the hub on loopback. With DNS rebinding, the
 * page can even send them under its own host name. The guard checks the headers Host, Origin and
 * Sec-Fetch-Site, because the browser sets them and the page cannot change them. The guard throws
 * `host-refused` or `origin-refused`.
 * @param names host names to allow in addition to loopback names, with or without a port
 */
export function makeGuard(names: readonly string[]): (request: GuardedRequest) => void {
  const allowed = new Set([...LOOPBACK_NAMES, ...names].map((name) => name.toLowerCase()))
  return ({ url, headers, rawHeaders }) => {
    const host = headers.host?.toLowerCase() ?? ''
    const [, name] = HOST.exec(host) ?? []
    if (name === undefined || !(allowed.has(name) || allowed.has(host))) {
      throw new AppError(
        'host-refused',
        `The Host header ${JSON.stringify(host)} does not name this hub.`,
      )
    }
    if (!url.startsWith('/') || isNamedTwice(rawHeaders, 'host')) {
      throw new AppError(
        'host-refused',
        'A request must have exactly one Host header and no host in its URL.',
      )
    }
    refuseOtherOrigins(headers, host)
  }
}

function refuseOtherOrigins(headers: IncomingHttpHeaders, host: string): void {
  const origin = headers.origin
  if (origin !== undefined && !isOriginOf(origin, host)) {
    throw new AppError(
      'origin-refused',
      `Web pages from ${JSON.stringify(origin)} may not call this hub.`,
    )
  }
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new AppError(
      'origin-refused',
      `Web pages from other origins may not call this hub (Sec-Fetch-Site is ${JSON.stringify(site)}).`,
    )
  }
}

/**
 * Whether an origin has this host. The scheme can be http or https, because a proxy may terminate
 * TLS.
 */
const isOriginOf = (origin: string, host: string): boolean =>
  origin.toLowerCase() === `http://${host}` || origin.toLowerCase() === `https://${host}`

function isNamedTwice(rawHeaders: readonly string[], name: string): boolean {
  return (
    rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length > 1
  )
}
