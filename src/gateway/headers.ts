import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/**
 * These headers belong to one connection (RFC 9110, section 7.6.1): a proxy never forwards them.
 */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/**
 * Request headers that are not forwarded: hop-by-hop headers, the agent's credentials and address,
 * and headers that the gateway sets itself.
 */
const NOT_UPSTREAM = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'x-api-key',
  'api-key',
  'cookie',
  'host',
  'content-length',
  'expect',
  'accept-encoding',
  'forwarded',
  'x-forwarded-for',
])

const NOT_BACK = new Set([...HOP_BY_HOP, 'set-cookie'])

/** The request headers to forward upstream. */
export const upstreamHeaders = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => ({
  ...without(headers, NOT_UPSTREAM),
  // The gateway reads token counts from the response, so the response must not be compressed.
  'accept-encoding': 'identity',
})

/** The response headers to forward to the agent. */
export const agentHeaders = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  without(headers, NOT_BACK)

function without(headers: IncomingHttpHeaders, names: ReadonlySet<string>): OutgoingHttpHeaders {
  const named = new Set(headers.connection?.split(',').map((name) => name.trim().toLowerCase()))
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !names.has(name) && !named.has(name)),
  )
}
