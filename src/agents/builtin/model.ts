import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, type LanguageModel, RetryError } from 'ai'
import type { BuiltinSettings, Failure } from './settings.ts'

/**
 * Returns the model. Calls to it go through the gateway, in the dialect of the model's provider.
 */
export function modelOf({ model, door }: BuiltinSettings): LanguageModel {
  const id = model.slice(model.indexOf('/') + 1)
  const apiKey = door.token
  if (model.startsWith('anthropic/')) {
    return createAnthropic({ baseURL: `${door.baseUrl}/anthropic/v1`, apiKey })(id)
  }
  const baseURL = `${door.baseUrl}/openai/v1`
  if (model.startsWith('openai/')) return createOpenAI({ baseURL, apiKey })(id)
  return createOpenAICompatible({ name: 'chat', baseURL, apiKey, includeUsage: true })(id)
}

/**
 * Options for each request of the agent's loop. Each request sends the whole conversation so far.
 */
export const LOOP_OPTIONS = {
  anthropic: { cacheControl: { type: 'ephemeral' } },
  // Each request contains the whole conversation, so OpenAI need not store it.
  openai: { store: false },
} as const

/** Thrown if the model did not respond, or if its response was cut off. */
export class ModelFailed extends Error {
  override readonly name = 'ModelFailed'
  readonly reason: Failure['reason']

  constructor(error: unknown) {
    const cause = RetryError.isInstance(error) ? error.lastError : error
    const words = cause instanceof Error ? wordsOf(cause) : String(cause)
    const status = APICallError.isInstance(cause) ? cause.statusCode : undefined
    super(status === undefined ? words : `the model server returned status ${status}: ${words}`, {
      cause,
    })
    const refusal = APICallError.isInstance(cause)
      ? cause.responseHeaders?.['x-millwright-error']
      : undefined
    this.reason = reasonOf(status, refusal)
  }
}

/** The provider library wraps the real cause in its own error, so add the message of the cause. */
const wordsOf = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message}: ${cause.message}` : message

/**
 * Maps a failed response to the reason why the turn failed.
 * @param refusal the gateway's error code, if the gateway itself refused the request
 */
function reasonOf(status: number | undefined, refusal: string | undefined): Failure['reason'] {
  if (refusal === 'upstream-missing' || status === 401 || status === 403) return 'agent-login'
  // Retrying after a client error (4xx) does not help, except after a timeout (408) or a rate limit
  // (429).
  const refused = status !== undefined && status >= 400 && status < 500
  return refused && status !== 408 && status !== 429 ? 'model-refused' : 'model-unavailable'
}
