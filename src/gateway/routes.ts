import { anthropicMessages } from './dialects/anthropic-messages.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiResponses } from './dialects/openai-responses.ts'

/** How the gateway handles one method and path. */
export type Route = {
  readonly dialect: Dialect
  /** Only requests for an `answer` are metered, recorded and replayed. */
  readonly asks: 'answer' | 'count' | 'models'
  /** Path and query at the upstream. */
  readonly upstreamPath: string
}

const ROUTES: readonly (readonly [string, Dialect, Route['asks']])[] = [
  ['POST /anthropic/v1/messages', anthropicMessages, 'answer'],
  ['POST /anthropic/v1/messages/count_tokens', anthropicMessages, 'count'],
  ['GET /anthropic/v1/models', anthropicMessages, 'models'],
  ['POST /openai/v1/responses', openaiResponses, 'answer'],
  ['POST /openai/v1/chat/completions', openaiChat, 'answer'],
  ['GET /openai/v1/models', openaiChat, 'models'],
]

/**
 * Finds the route of a request, or null if there is none. The first path segment, which selects the
 * provider, is not sent upstream.
 */
export function routeOf(method: string, url: URL): Route | null {
  const found = ROUTES.find(([pattern]) => pattern === `${method} ${url.pathname}`)
  if (found === undefined) return null
  const [, dialect, asks] = found
  const upstreamPath = url.pathname.slice(url.pathname.indexOf('/', 1)) + url.search
  return { dialect, asks, upstreamPath }
}

/** The dialect in which to format an error, even if the path is unknown. */
export const dialectOf = (url: URL): Dialect =>
  url.pathname.startsWith('/anthropic') ? anthropicMessages : openaiResponses
