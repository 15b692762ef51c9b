import { z } from 'zod'
import { isAppError } from '../domain/errors.ts'

/** The kinds of model servers; each worker has at most one of each. */
export const Provider = z.enum(['anthropic', 'openai'])
export type Provider = z.infer<typeof Provider>

/** Why an attempt's last request to a model got no answer that an agent can use. */
export const Refusal = z.discriminatedUnion('kind', [
  /** A rate limit or quota that is known to reset at `until` (epoch ms). */
  z.strictObject({ kind: z.literal('quota'), provider: Provider, until: z.int() }),
  /** The server did not answer, broke the answer off, or reported a problem of its own. */
  z.strictObject({ kind: z.literal('away'), provider: Provider }),
  /** Asking again would not help. */
  z.strictObject({ kind: z.literal('refused'), provider: Provider, status: z.int() }),
])
export type Refusal = z.infer<typeof Refusal>

/** Statuses below 500 that say nothing against the request itself: timeout, too early, rate limit. */
const TEMPORARY = new Set([408, 425, 429])

/** Whether a status means that the server cannot answer for now. */
export const saysAway = (status: number): boolean => status >= 500 || TEMPORARY.has(status)

/**
 * The meaning of a response's status; null if it is an answer.
 * @param resetsAt when the rate limit resets, if the response says so (epoch ms)
 */
export function refusalOf(
  provider: Provider,
  status: number,
  resetsAt: number | null,
): Refusal | null {
  if (status < 400) return null
  if (status === 429 && resetsAt !== null) return { kind: 'quota', provider, until: resetsAt }
  return saysAway(status) ? { kind: 'away', provider } : { kind: 'refused', provider, status }
}

/** The meaning of an error with which no response began; null if it is not about the model. */
export function refusalIn(provider: Provider, error: unknown): Refusal | null {
  if (isAppError(error, 'upstream-unreachable')) return { kind: 'away', provider }
  if (!isAppError(error, 'upstream-unknown')) return null
  return { kind: 'refused', provider, status: error.status }
}
