import { z } from 'zod'
import { PublicationOrNone } from './publication.ts'
import { REASON_CODES } from './reasons.ts'
import { Resource } from './resource.ts'

export const Reason = z.enum(REASON_CODES)

/** Model usage, as metered by the gateway. If a model's price is unknown, the cost is `unknown`, not 0. */
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
    .describe('Whether the responses came from a recording or a script instead of a model'),
})
export type Usage = z.infer<typeof Usage>

const detail = z
  .string()
  .max(8192)
  .default('')
  .describe('For people: what happened, why, and what to try')

/** Maximum length of the stored final message of an agent, in characters. */
export const SUMMARY_MAX = 16_384

export const Succeeded = z.strictObject({
  kind: z.literal('succeeded'),
  reason: z.enum(['published', 'patch-ready', 'no-change', 'objects-ready', 'cancelled-too-late']),
  detail,
  publication: PublicationOrNone.describe('null if nothing was published'),
  summary: z.string().max(SUMMARY_MAX).optional().describe('The agent’s final message'),
})
export const Failed = z.strictObject({
  kind: z.literal('failed'),
  reason: Reason,
  detail,
  step: z.string().max(64).optional(),
})
export const Cancelled = z.strictObject({ kind: z.literal('cancelled'), reason: Reason, detail })

/** How a job can end. Expected endings, failures included, are values and not exceptions. */
export const Settlement = z.discriminatedUnion('kind', [Succeeded, Failed, Cancelled])
export type Settlement = z.infer<typeof Settlement>

/** Why a job is paused. The job resumes at `resumeAt` (epoch ms), or when a person resumes it. */
export const PauseReason = z.enum(['quota-exhausted', 'waiting-for-person'])
export type Pause = {
  readonly reason: z.infer<typeof PauseReason>
  readonly detail: string
  readonly resumeAt?: number
  /** The model account that refuses requests until `resumeAt`. Other jobs that need it wait too. */
  readonly closed?: Resource
}

/** Why a job returns to the queue: a resource that it needs is unavailable. */
export const Deferral = z.strictObject({
  reason: Reason,
  detail,
  closed: Resource,
})
export type Deferral = z.infer<typeof Deferral>

/** How an attempt ends: with a settlement, or in a way that lets the job continue later. */
export type Outcome =
  | Settlement
  | ({ readonly kind: 'paused' } & Pause)
  | ({ readonly kind: 'deferred' } & Deferral)
  /** The worker is shutting down and returns the job. */
  | { readonly kind: 'handed-back' }
  /** The lease is lost, so the attempt must not report or change anything. */
  | { readonly kind: 'lease-lost' }
