import { z } from 'zod'
import { Callback, CALLBACKS_MAX } from './callback.ts'
import { JobId } from './id.ts'
import { Limits } from './limits.ts'
import { Publication, Reason, Usage } from './outcome.ts'
import { RetryPolicy } from './retry.ts'
import { JobState } from './state.ts'
import { line, LockKey, Name } from './text.ts'

/** Milliseconds since the epoch, by the hub's clock. */
const At = z.int().min(0)

/** What a producer asks for. */
export const Submission = z.strictObject({
  kind: Name.describe('What sort of job it is'),
  payload: z.unknown().describe('Checked by the kind’s own schema'),
  priority: z.int().min(-1000).max(1000).default(0).describe('Higher goes first'),
  labels: z.array(Name).max(16).default([]).describe('A worker must offer all of them'),
  locks: z
    .array(LockKey)
    .max(64)
    .default([])
    .describe('Outside things no two jobs may use at once'),
  idempotencyKey: line(255).optional().describe('The same key and body give the same job'),
  limits: Limits.prefault({}),
  retry: RetryPolicy.prefault({}),
  callbacks: z.array(Callback).max(CALLBACKS_MAX).optional().describe('Who is told of it'),
})
export type Submission = z.infer<typeof Submission>

/** A job as everybody outside the ledger sees it. */
export const Job = z.strictObject({
  id: JobId,
  kind: z.string(),
  title: z.string().describe('One line for lists, made by the kind'),
  payload: z.unknown(),
  state: JobState,
  reason: Reason.nullable().describe('Why it is in this state'),
  detail: z.string(),
  priority: z.int(),
  labels: z.array(z.string()),
  locks: z.array(z.string()),
  limits: Limits,
  retry: RetryPolicy,
  attempt: z.int().describe('Raised by every lease; the fence'),
  failures: z.int(),
  step: z.string().nullable().describe('What the running attempt is doing'),
  worker: z.string().nullable(),
  sandbox: z.string().nullable().describe('How the agent is confined: bubblewrap, or none'),
  leaseUntil: At.nullable(),
  notBefore: At.nullable().describe('Backing off until then'),
  parkedOn: z.string().nullable().describe('The lock key it waits for'),
  cancelRequestedAt: At.nullable(),
  resumeAt: At.nullable(),
  publication: Publication.nullable(),
  summary: z.string().nullable(),
  usage: Usage.nullable(),
  retryOf: JobId.nullable(),
  createdAt: At,
  startedAt: At.nullable().describe('First lease'),
  endedAt: At.nullable(),
})
export type Job = z.infer<typeof Job>
