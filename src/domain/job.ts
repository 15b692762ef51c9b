import { z } from 'zod'
import { Callback, CALLBACKS_MAX } from './callback.ts'
import { JobId } from './id.ts'
import { Inputs } from './input.ts'
import { Limits } from './limits.ts'
import { Reason, Usage } from './outcome.ts'
import { PublicationOrNone } from './publication.ts'
import { RetryPolicy } from './retry.ts'
import { JobState } from './state.ts'
import { line, LockKey, Name } from './text.ts'

/** Milliseconds since the epoch, by the hub's clock. */
const At = z.int().min(0)

/** Names jobs that belong together. */
export const Group = line(200)

/** What a dialect or a bridge must know of a job again; nobody else looks into it. */
export const Origin = z.string().min(1).max(4096)

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
  inputs: Inputs.optional().describe('Files it brings along, uploaded beforehand by digest'),
  id: JobId.optional().describe('Any UUID; without it the hub makes one'),
  group: Group.optional().describe('Jobs that belong together can be listed by it'),
  origin: Origin.optional().describe('Where it came from, for whoever submitted it; kept as it is'),
  notBefore: At.optional().describe('No worker gets it earlier, epoch ms'),
  holdUntil: At.optional().describe(
    'Nothing is published after it unless its submitter extends it, epoch ms',
  ),
  idempotencyKey: line(255).optional().describe('The same key and body give the same job'),
  limits: Limits.prefault({}),
  retry: RetryPolicy.prefault({}),
  callbacks: z.array(Callback).max(CALLBACKS_MAX).optional().describe('Who is told of it'),
})
export type Submission = z.infer<typeof Submission>

/** A job as everybody outside the ledger sees it. */
export const Job = z.object({
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
  limits: z.object(Limits.shape),
  retry: z.object(RetryPolicy.shape),
  // Hubs of protocol 1 say nothing of these five.
  group: z.string().nullable().default(null),
  submittedBy: z
    .string()
    .nullable()
    .default(null)
    .describe('Who submitted it, by the name of the token'),
  origin: z.string().nullable().default(null),
  holdUntil: At.nullable()
    .default(null)
    .describe('Nothing is published after it, unless it is extended'),
  demands: z
    .array(z.string())
    .default([])
    .describe('What a worker must offer beside kind and labels'),
  attempt: z.int().describe('Raised by every lease; the fence'),
  failures: z.int(),
  step: z.string().nullable().describe('What the running attempt is doing'),
  worker: z.string().nullable(),
  sandbox: z.string().nullable().describe('How the agent is confined: bubblewrap, or none'),
  leaseUntil: At.nullable(),
  notBefore: At.nullable().describe('No worker gets it earlier; null once that has come'),
  parkedOn: z.string().nullable().describe('The lock key it waits for'),
  cancelRequestedAt: At.nullable(),
  resumeAt: At.nullable(),
  publication: PublicationOrNone,
  summary: z.string().nullable(),
  usage: Usage.nullable(),
  retryOf: JobId.nullable(),
  createdAt: At,
  startedAt: At.nullable().describe('First lease'),
  endedAt: At.nullable(),
})
export type Job = z.infer<typeof Job>
