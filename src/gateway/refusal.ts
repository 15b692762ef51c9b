import { z } from 'zod'
import { isAppError } from '../domain/errors.ts'

/** The model providers. A worker has at most one model server for each provider. */
export const Provider = z.enum(['anthropic', 'openai'])
export type Provider = z.infer<typeof Provider>

/** Why a model failed to answer an attempt's last request. */
export const Refusal = z.discriminatedUnion('kind', [
  /** A rate limit or quota that is known to reset at `until` (epoch ms). */
  z.strictObject({ kind: z.literal('quota'), provider: Provider, until: z.int() }),
  /** The server did not respond, broke off its response, or reported a temporary error. */
  z.strictObject({ kind: z.literal('unavailable'), provider: Provider }),
  /** The server rejected the request, or its host name does not resolve. A retry would not help. */
  z.strictObject({ kind: z.literal('refused'), provider: Provider, status: z.int() }),
])
export type Refusal = z.infer<typeof Refusal>

/** Statuses below 500 after which a retry can succeed: timeout, too early, rate limit. */
const TEMPORARY = new Set([408, 425, 429])

/** Whether a status means that the server is temporarily unavailable. */
export const meansUnavailable = (status: number): boolean => status >= 500 || TEMPORARY.has(status)

/**
 * Classifies a response by its status; null if the request succeeded.
 * @param resetsAt when the rate limit resets, if the response says so (epoch ms)
 */
export function refusalOf(
  provider: Provider,
  status: number,
  resetsAt: number | null,
): Refusal | null {
  if (status < 400) return null
  if (status === 429 && resetsAt !== null) return { kind: 'quota', provider, until: resetsAt }
  return meansUnavailable(status)
    ? { kind: 'unavailable', provider }
    : { kind: 'refused', provider, status }
}

/**
 * Classifies an error thrown before a response began; null if the model did not cause the error.
 */
export function refusalIn(provider: Provider, error: unknown): Refusal | null {
  if (isAppError(error, 'upstream-unreachable')) return { kind: 'unavailable', provider }
  if (!isAppError(error, 'upstream-unknown')) return null
  return { kind: 'refused', provider, status: error.status }
}
