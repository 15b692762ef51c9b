import { z } from 'zod'
import { Reason, Settlement, Usage } from './outcome.ts'
import { Publication, PublicationIntent } from './publication.ts'
import { ResourceKey } from './resource.ts'

/** Maximum length of the id of an agent's session, in characters. */
export const SESSION_MAX = 200

/** Maximum length of the text of a progress event, in characters. */
export const PROGRESS_MAX = 200

/** Maximum length of a note's text, and of a check's findings in an event, in characters. */
export const EVENT_TEXT_MAX = 2048

const At = z.int().min(0)
const attempt = z.int().min(1)
const stepName = z.string().min(1).max(64)

/** A finished step and its result, which a later attempt can restore. */
export const Checkpoint = z.strictObject({
  step: stepName,
  /** The data from which a later attempt continues after this step. Refers to artifacts by name. */
  product: z.record(z.string().max(64), z.json()).default({}),
})
export type Checkpoint = z.infer<typeof Checkpoint>

/** Progress reported by a program. */
const Progress = z.strictObject({
  /** null if the program does not report a fraction. */
  fraction: z.number().min(0).max(1).nullable(),
  text: z.string().max(PROGRESS_MAX),
})
export type Progress = z.infer<typeof Progress>

/** Maximum length of a check's command in an event, in characters. */
export const COMMAND_MAX = 500

/** Maximum number of changed files that an event lists. */
export const CHANGED_FILES_MAX = 100

/** One run of a check, and its result. */
export const CheckFacts = {
  check: z.string().max(64),
  passed: z.boolean(),
  durationMs: z.int().min(0),
  command: z
    .string()
    .max(COMMAND_MAX)
    .optional()
    .describe('The program and its arguments; the end of a long command is cut off'),
  exitCode: z
    .int()
    .nullable()
    .optional()
    .describe('null if the program was killed, for example after a timeout'),
  tree: z.string().max(64).optional().describe('Id of the tree that was checked'),
  iteration: z
    .int()
    .min(1)
    .optional()
    .describe('Number of the agent’s turn that produced the tree'),
  findings: z
    .string()
    .max(EVENT_TEXT_MAX)
    .optional()
    .describe('Why the check failed; the middle of long findings is cut out'),
}

const lines = z.int().min(0).nullable()

/** How the workspace differs from its base. */
export const ChangeFacts = {
  tree: z.string().max(64).describe('Id of the tree after the change'),
  files: z.int().min(0).describe('Number of changed files'),
  insertions: z.int().min(0),
  deletions: z.int().min(0),
  changed: z
    .array(
      z.strictObject({
        path: z.string().max(EVENT_TEXT_MAX),
        insertions: lines.describe('null for a binary file'),
        deletions: lines,
      }),
    )
    .max(CHANGED_FILES_MAX)
    .describe('The first of the changed files, as many as fit'),
}

/** Events that a worker reports about its own attempt. */
export const WorkerEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('step-started'), step: stepName }),
  z.strictObject({ type: z.literal('step-finished'), step: stepName, durationMs: z.int().min(0) }),
  /** The agent or generator starts. From then on, losing the worker counts as a failure. */
  z.strictObject({ type: z.literal('agent-started'), agent: z.string().max(64) }),
  z.strictObject({ type: z.literal('agent-session'), session: z.string().max(SESSION_MAX) }),
  z.strictObject({ type: z.literal('usage'), usage: Usage }),
  z.strictObject({ type: z.literal('check-finished'), ...CheckFacts }),
  /** The revision from which the work starts, such as a commit. */
  z.strictObject({ type: z.literal('base'), revision: z.string().min(1).max(64) }),
  /** The change since the base. Sent each time the worker compares the workspace with the base. */
  z.strictObject({ type: z.literal('change'), ...ChangeFacts }),
  z.strictObject({ type: z.literal('progress'), ...Progress.shape }),
  /** A warning for people. It does not end the job. */
  z.strictObject({
    type: z.literal('note'),
    code: z.string().max(64),
    text: z.string().max(EVENT_TEXT_MAX),
  }),
  z.strictObject({ type: z.literal('published'), publication: Publication }),
  /** The attempt reached a resource. If the resource was closed, it is open again. */
  z.strictObject({ type: z.literal('reached'), key: ResourceKey }),
])
export type WorkerEvent = z.infer<typeof WorkerEvent>

/** Events that the ledger writes, each in the same transaction as the change that it records. */
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
  /** The attempt ended, and the job waits in the queue for another attempt. */
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
  /** The job ended. */
  z.strictObject({ type: z.literal('ended'), settlement: Settlement, failures: z.int() }),
])
export type LedgerEvent = z.infer<typeof LedgerEvent>

/** `seq` counts the events of a job from 1, without gaps. Events are never changed. */
const Envelope = { seq: z.int().min(1), at: At, attempt: attempt.nullable() }

export const JobEvent = z.intersection(z.object(Envelope), z.union([WorkerEvent, LedgerEvent]))
export type JobEvent = {
  readonly seq: number
  readonly at: number
  readonly attempt: number | null
} & (WorkerEvent | LedgerEvent)
