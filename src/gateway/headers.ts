import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** These headers belong to one connection (RFC 9110, section 7.6.1): a proxy never forwards them. */
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

/** The agent's own credentials and origin, and headers that the gateway sets itself. */
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

/** The headers of a request that are forwarded upstream. */
export const upstreamHeaders = (headers: IncomingHttpHeaders): OutgoingHttpHeaders => ({
  ...without(headers, NOT_UPSTREAM),
  // The gateway reads token counts from the answer, so it must not be compressed.
  'accept-encoding': 'identity',
})

/** The headers of an answer that are forwarded to the agent. */
export const agentHeaders = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  without(headers, NOT_BACK)

function without(headers: IncomingHttpHeaders, names: ReadonlySet<string>): OutgoingHttpHeaders {
  const named = new Set(headers.connection?.split(',').map((name) => name.trim().toLowerCase()))
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !names.has(name) && !named.has(name)),
  )
}
