import { anthropicMessages } from './dialects/anthropic-messages.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiResponses } from './dialects/openai-responses.ts'

/** How the gateway handles one method and path. */
export type Route = {
  readonly dialect: Dialect
  /**
   * What the request asks for: a model response, a token count or the model list. Only requests for
   * a model response (`answer`) are metered and recorded.
   */
  readonly asks: 'answer' | 'count' | 'models'
  /** The path and query that are sent to the upstream, such as `/v1/messages?beta=true`. */
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
 * Finds the route of a request, or null if there is none. The first path segment, `/anthropic` or
 * `/openai`, selects the provider and is not sent upstream.
 */
export function routeOf(method: string, url: URL): Route | null {
  const found = ROUTES.find(([pattern]) => pattern === `${method} ${url.pathname}`)
  if (found === undefined) return null
  const [, dialect, asks] = found
  const upstreamPath = url.pathname.slice(url.pathname.indexOf('/', 1)) + url.search
  return { dialect, asks, upstreamPath }
}

/**
 * The dialect in which to format an error. It depends only on the first path segment, so that an
 * unknown path also gets an error that its client can parse.
 */
export const dialectOf = (url: URL): Dialect =>
  url.pathname.startsWith('/anthropic') ? anthropicMessages : openaiResponses
