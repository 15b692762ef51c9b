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

/** A name that related jobs share. */
export const Group = line(200)

/** An opaque value that the submitter stores with a job, such as an id in another system. */
export const Origin = z.string().min(1).max(4096)

/** What a producer submits. */
export const Submission = z.strictObject({
  kind: Name.describe('The kind of job, which defines its payload'),
  payload: z.unknown().describe('Validated by the schema of the kind'),
  priority: z
    .int()
    .min(-1000)
    .max(1000)
    .default(0)
    .describe('Jobs with a higher priority are claimed first'),
  labels: z.array(Name).max(16).default([]).describe('A worker must offer all of them'),
  locks: z
    .array(LockKey)
    .max(64)
    .default([])
    .describe('External resources that only one running job may use'),
  inputs: Inputs.optional().describe('Files for the job, uploaded before by digest'),
  id: JobId.optional().describe('Any UUID; default: the hub generates one'),
  group: Group.optional().describe('Shared by related jobs, which can be listed by it'),
  origin: Origin.optional().describe('For the submitter: stored and returned unchanged'),
  notBefore: At.optional().describe('No worker can claim the job before, epoch ms'),
  holdUntil: At.optional().describe(
    'The job publishes nothing after it unless its submitter extends it, epoch ms',
  ),
  idempotencyKey: line(255)
    .optional()
    .describe('A repeated key with the same body returns the same job'),
  limits: Limits.prefault({}),
  retry: RetryPolicy.prefault({}),
  callbacks: z
    .array(Callback)
    .max(CALLBACKS_MAX)
    .optional()
    .describe('Where events of the job are sent'),
})
export type Submission = z.infer<typeof Submission>

/** A job as seen outside the ledger. */
export const Job = z.object({
  id: JobId,
  kind: z.string(),
  title: z.string().describe('One line for lists, derived by the kind'),
  payload: z.unknown(),
  state: JobState,
  reason: Reason.nullable().describe('Why it is in this state'),
  detail: z.string(),
  priority: z.int(),
  labels: z.array(z.string()),
  locks: z.array(z.string()),
  limits: z.object(Limits.shape),
  retry: z.object(RetryPolicy.shape),
  // Hubs of protocol 1 do not send these five.
  group: z.string().nullable().default(null),
  submittedBy: z
    .string()
    .nullable()
    .default(null)
    .describe('The name of the token that submitted the job'),
  origin: z.string().nullable().default(null),
  holdUntil: At.nullable()
    .default(null)
    .describe('The job publishes nothing after it, unless it is extended'),
  demands: z
    .array(z.string())
    .default([])
    .describe('What a worker must offer in addition to kind and labels'),
  attempt: z.int().describe('Incremented by every lease; the fencing token'),
  failures: z.int(),
  step: z.string().nullable().describe('The current step of the running attempt'),
  worker: z.string().nullable(),
  sandbox: z.string().nullable().describe('How the agent is confined: bubblewrap, or none'),
  leaseUntil: At.nullable(),
  notBefore: At.nullable().describe('No worker can claim the job before; null once it has passed'),
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
