import { z } from 'zod'
import { Reason, Settlement, Usage } from './outcome.ts'
import { Publication, PublicationIntent } from './publication.ts'

/** Longest name of an agent's session that is kept. */
export const SESSION_MAX = 200

/** Longest text of one progress event. */
export const PROGRESS_MAX = 200

/** Longest text in a note, and longest findings of a check in an event. */
export const EVENT_TEXT_MAX = 2048

const At = z.int().min(0)
const attempt = z.int().min(1)
const stepName = z.string().min(1).max(64)

/** Names a product that a later attempt can restore. */
export const Checkpoint = z.strictObject({
  step: stepName,
  /** Whatever the step needs to go on from here; artifacts by name. */
  product: z.record(z.string().max(64), z.json()).default({}),
})
export type Checkpoint = z.infer<typeof Checkpoint>

/** How far a program says it is. */
const Progress = z.strictObject({
  /** null when it does not know. */
  fraction: z.number().min(0).max(1).nullable(),
  text: z.string().max(PROGRESS_MAX),
})
export type Progress = z.infer<typeof Progress>

/** What a worker may tell of its own attempt. */
export const WorkerEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step-started'), step: stepName }),
  z.strictObject({ type: z.literal('step-finished'), step: stepName, durationMs: z.int().min(0) }),
  /** The agent process runs: from now on a lost worker counts as a failure. */
  z.strictObject({ type: z.literal('agent-started'), agent: z.string().max(64) }),
  z.strictObject({ type: z.literal('agent-session'), session: z.string().max(SESSION_MAX) }),
  z.strictObject({ type: z.literal('usage'), usage: Usage }),
  z.strictObject({
    type: z.literal('check-finished'),
    check: z.string().max(64),
    passed: z.boolean(),
    durationMs: z.int().min(0),
    tree: z.string().max(64).optional().describe('What it judged'),
    iteration: z.int().min(1).optional().describe('The agent’s turn that made it'),
    findings: z
      .string()
      .max(EVENT_TEXT_MAX)
      .optional()
      .describe('Why it failed; without the middle when that is long'),
  }),
  z.strictObject({ type: z.literal('progress'), ...Progress.shape }),
  /** Something a person should know that did not end the job. */
  z.strictObject({
    type: z.literal('note'),
    code: z.string().max(64),
    text: z.string().max(EVENT_TEXT_MAX),
  }),
  z.strictObject({ type: z.literal('published'), publication: Publication }),
])
export type WorkerEvent = z.infer<typeof WorkerEvent>

/** What the ledger itself writes, in the transaction of its cause. */
export const LedgerEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('submitted'), retryOf: z.string().nullable() }),
  z.strictObject({
    type: z.literal('claimed'),
    worker: z.string(),
    bootId: z.string(),
    sandbox: z.string(),
    leaseUntil: At,
  }),
  z.strictObject({ type: z.literal('checkpoint'), checkpoint: Checkpoint }),
  z.strictObject({ type: z.literal('publication-intended'), intent: PublicationIntent }),
  z.strictObject({ type: z.literal('cancel-requested'), by: z.string() }),
  /** The attempt ended and the job is tried again. */
  z.strictObject({
    type: z.literal('requeued'),
    reason: Reason,
    detail: z.string(),
    failures: z.int(),
    notBefore: At.nullable(),
  }),
  z.strictObject({
    type: z.literal('paused'),
    reason: Reason,
    detail: z.string(),
    resumeAt: At.nullable(),
  }),
  z.strictObject({ type: z.literal('resumed'), by: z.string() }),
  /** The end. */
  z.strictObject({ type: z.literal('ended'), settlement: Settlement, failures: z.int() }),
])
export type LedgerEvent = z.infer<typeof LedgerEvent>

/** An event's place: contiguous per job from 1, append-only. */
const Envelope = { seq: z.int().min(1), at: At, attempt: attempt.nullable() }

export const JobEvent = z.intersection(z.object(Envelope), z.union([WorkerEvent, LedgerEvent]))
export type JobEvent = {
  readonly seq: number
  readonly at: number
  readonly attempt: number | null
} & (WorkerEvent | LedgerEvent)
