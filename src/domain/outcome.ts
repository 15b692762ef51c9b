import { z } from 'zod'
import { PublicationOrNone } from './publication.ts'
import { REASON_CODES } from './reasons.ts'

export const Reason = z.enum(REASON_CODES)

/** What the gateway metered. The cost is 'unknown', never 0, when a model's price is unknown. */
export const Usage = z.strictObject({
  requests: z.int().min(0).default(0),
  inputTokens: z.int().min(0).default(0),
  cachedInputTokens: z.int().min(0).default(0),
  outputTokens: z.int().min(0).default(0),
  costUsd: z.union([z.number().min(0), z.literal('unknown')]).default('unknown'),
  models: z.array(z.string().max(200)).max(20).default([]),
  replayed: z
    .boolean()
    .default(false)
    .describe('The answers came from a recording or a script, not from a model'),
})
export type Usage = z.infer<typeof Usage>

const detail = z
  .string()
  .max(8192)
  .default('')
  .describe('For people: what happened, why, and what to try')

/** Longest final message of an agent that is kept, in characters. */
export const SUMMARY_MAX = 16_384

export const Succeeded = z.strictObject({
  kind: z.literal('succeeded'),
  reason: z.enum(['published', 'patch-ready', 'no-change', 'objects-ready', 'cancelled-too-late']),
  detail,
  publication: PublicationOrNone.describe('null when the result is artifacts only'),
  summary: z.string().max(SUMMARY_MAX).optional().describe('The agent’s final message'),
})
export const Failed = z.strictObject({
  kind: z.literal('failed'),
  reason: Reason,
  detail,
  step: z.string().max(64).optional(),
})
export const Cancelled = z.strictObject({ kind: z.literal('cancelled'), reason: Reason, detail })

/** How a job can end. Expected endings are values; everything else crashes. */
export const Settlement = z.discriminatedUnion('kind', [Succeeded, Failed, Cancelled])
export type Settlement = z.infer<typeof Settlement>

/** Why a job is paused. It resumes at `resumeAt` (epoch ms), or when a person resumes it. */
export const PauseReason = z.enum(['quota-exhausted', 'waiting-for-person'])
export type Pause = {
  readonly reason: z.infer<typeof PauseReason>
  readonly detail: string
  readonly resumeAt?: number
}

/** A settlement, or one of the endings that leave the job alive. */
export type Outcome =
  | Settlement
  | ({ readonly kind: 'paused' } & Pause)
  /** The worker is shutting down and returns the job. */
  | { readonly kind: 'handed-back' }
  /** The lease is lost: the attempt may neither report nor change anything. */
  | { readonly kind: 'lease-lost' }
