import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, type LanguageModel, RetryError } from 'ai'
import type { BuiltinSettings, Failure } from './settings.ts'

/** The model behind the door, in the dialect its provider speaks. */
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

/** Provider settings that a loop over one growing conversation wants. */
export const LOOP_OPTIONS = {
  anthropic: { cacheControl: { type: 'ephemeral' } },
  // The whole conversation is sent each time, so nothing need be kept at the provider.
  openai: { store: false },
} as const

/** The model did not answer, or its answer broke off. */
export class ModelFailed extends Error {
  override readonly name = 'ModelFailed'
  readonly reason: Failure['reason']

  constructor(error: unknown) {
    const cause = RetryError.isInstance(error) ? error.lastError : error
    const words = cause instanceof Error ? wordsOf(cause) : String(cause)
    const status = APICallError.isInstance(cause) ? cause.statusCode : undefined
    super(status === undefined ? words : `the model answered ${status}: ${words}`, { cause })
    const refusal = APICallError.isInstance(cause)
      ? cause.responseHeaders?.['x-millwright-error']
      : undefined
    this.reason = reasonOf(status, refusal)
  }
}

/** The provider hides the real cause one level down. */
const wordsOf = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message}: ${cause.message}` : message

/** @param refusal the gateway's own code, when the answer is not the model's */
function reasonOf(status: number | undefined, refusal: string | undefined): Failure['reason'] {
  if (refusal === 'upstream-missing' || status === 401 || status === 403) return 'agent-login'
  // What the model refuses once it will refuse again, but for these two.
  const refused = status !== undefined && status >= 400 && status < 500
  return refused && status !== 408 && status !== 429 ? 'agent-failed' : 'model-unavailable'
}
