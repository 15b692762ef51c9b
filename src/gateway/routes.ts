import { anthropicMessages } from './dialects/anthropic-messages.ts'
import type { Dialect } from './dialects/dialect.ts'
import { openaiChat } from './dialects/openai-chat.ts'
import { openaiResponses } from './dialects/openai-responses.ts'

/** What a path behind a door means. */
export type Route = {
  readonly dialect: Dialect
  /** Only a request for an answer is metered, recorded and replayed by script. */
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

/** The route of a request, or null. The first part of the path is the door's, not the upstream's. */
export function routeOf(method: string, url: URL): Route | null {
  const found = ROUTES.find(([pattern]) => pattern === `${method} ${url.pathname}`)
  if (found === undefined) return null
  const [, dialect, asks] = found
  const upstreamPath = url.pathname.slice(url.pathname.indexOf('/', 1)) + url.search
  return { dialect, asks, upstreamPath }
}

/** The dialect to refuse in when the path is not known. */
export const dialectOf = (url: URL): Dialect =>
  url.pathname.startsWith('/anthropic') ? anthropicMessages : openaiResponses
