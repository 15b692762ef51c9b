import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../domain/errors.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?$/

/** What a guard looks at. */
export type GuardedRequest = {
  /** Path and query, or a full URL in a proxy request. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names and values alternately, as received: Node keeps only the first of two Host headers. */
  readonly rawHeaders: readonly string[]
}

/**
 * Refuses requests from web pages that the operator visits: a page can reach loopback, also under
 * its own host name (DNS rebinding), but it cannot choose the Host, Origin and Sec-Fetch headers.
 * The guard throws `host-refused` or `origin-refused`.
 * @param names host names allowed besides loopback, with or without a port
 */
export function makeGuard(names: readonly string[]): (request: GuardedRequest) => void {
  const allowed = new Set([...LOOPBACK_NAMES, ...names].map((name) => name.toLowerCase()))
  return ({ url, headers, rawHeaders }) => {
    const host = headers.host?.toLowerCase() ?? ''
    const [, name] = HOST.exec(host) ?? []
    if (name === undefined || !(allowed.has(name) || allowed.has(host))) {
      throw new AppError(
        'host-refused',
        `The Host header ${JSON.stringify(host)} is not an address of this hub.`,
      )
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
      `A page from ${JSON.stringify(origin)} may not call this hub.`,
    )
  }
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new AppError('origin-refused', `A ${JSON.stringify(site)} page may not call this hub.`)
  }
}

/** Whether the origin names this host. Accepts http and https, because a proxy may terminate TLS. */
const isOriginOf = (origin: string, host: string): boolean =>
  origin.toLowerCase() === `http://${host}` || origin.toLowerCase() === `https://${host}`

function isNamedTwice(rawHeaders: readonly string[], name: string): boolean {
  return (
    rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length > 1
  )
}
