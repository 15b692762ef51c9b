import { z } from 'zod'
import { Callback, CALLBACKS_MAX } from './callback.ts'
import { JobId } from './id.ts'
import { Inputs } from './input.ts'
import { Limits } from './limits.ts'
import { Reason, Usage } from './outcome.ts'
import { PublicationOrNone } from './publication.ts'
import { RetryPolicy } from './retry.ts'
import { JobState } from './state.ts'
import { JobLabel, line, LockKey, Name } from './text.ts'

/** Milliseconds since the epoch, by the hub's clock. */
const At = z.int().min(0)

/** A name shared by related jobs. */
export const Group = line(200)

/** An opaque value that the submitter stores with a job, such as an id in another system. */
export const Origin = z.string().min(1).max(4096)

/** The request to create a job, as its submitter sends it. */
export const Submission = z.strictObject({
  kind: Name.describe('The kind of job, which defines its payload'),
  payload: z.unknown().describe('Validated by the kind’s schema'),
  priority: z
    .int()
    .min(-1000)
    .max(1000)
    .default(0)
    .describe('Jobs with a higher priority are claimed first'),
  labels: z
    .array(JobLabel)
    .max(16)
    .default([])
    .describe(
      'Labels that a worker must have to claim the job; os:linux or sandbox:bubblewrap is a property of its machine',
    ),
  locks: z
    .array(LockKey)
    .max(64)
    .default([])
    .describe('External resources that only one running job may use'),
  inputs: Inputs.optional().describe('Files for the job; their bytes must already be uploaded'),
  id: JobId.optional().describe('Any UUID; default: the hub generates one'),
  group: Group.optional().describe('A name shared by related jobs, for listing them together'),
  origin: Origin.optional().describe(
    'A value for the submitter’s use, stored and returned unchanged',
  ),
  notBefore: At.optional().describe(
    'The time, in epoch ms, before which no worker can claim the job',
  ),
  holdUntil: At.optional().describe(
    'The time, in epoch ms, after which the job publishes nothing unless its submitter extends the hold',
  ),
  idempotencyKey: line(255)
    .optional()
    .describe('If a request repeats the key and the body, the hub returns the existing job'),
  limits: Limits.prefault({}),
  retry: RetryPolicy.prefault({}),
  callbacks: z
    .array(Callback)
    .max(CALLBACKS_MAX)
    .optional()
    .describe('URLs to which events of the job are sent'),
})
export type Submission = z.infer<typeof Submission>

/** A job as seen outside the ledger. */
export const Job = z.object({
  id: JobId,
  kind: z.string(),
  title: z.string().describe('The title in lists: one line, derived from the payload'),
  payload: z.unknown(),
  state: JobState,
  reason: Reason.nullable().describe('Why the job is in this state'),
  detail: z.string(),
  priority: z.int(),
  labels: z.array(z.string()),
  locks: z.array(z.string()),
  limits: z.object(Limits.shape),
  retry: z.object(RetryPolicy.shape),
  // Hubs that speak protocol 1 do not send the next five members, so these have defaults.
  group: z.string().nullable().default(null),
  submittedBy: z
    .string()
    .nullable()
    .default(null)
    .describe('The name of the token that submitted the job'),
  origin: z.string().nullable().default(null),
  holdUntil: At.nullable()
    .default(null)
    .describe('The job publishes nothing after this time, unless its submitter extends the hold'),
  demands: z
    .array(z.string())
    .default([])
    .describe('What a worker must offer in addition to kind and labels'),
  attempt: z.int().describe('The number of the newest attempt; it is also the fencing token'),
  failures: z.int(),
  deferrals: z
    .int()
    .default(0)
    .describe('Number of attempts that ended because of an outage; they do not count as failures'),
  step: z.string().nullable().describe('The current step of the running attempt'),
  worker: z.string().nullable(),
  sandbox: z.string().nullable().describe('How the agent is confined: "bubblewrap" or "none"'),
  leaseUntil: At.nullable(),
  renewedAt: At.nullable()
    .default(null)
    .describe('When the worker last renewed the lease of the running attempt'),
  notBefore: At.nullable().describe(
    'No worker can claim the job before this time; null once it has passed',
  ),
  parkedOn: z.string().nullable().describe('The lock key that the job waits for'),
  parkedBehind: JobId.nullable()
    .default(null)
    .describe('The job that holds this lock key; older hubs do not send it'),
  cancelRequestedAt: At.nullable(),
  cancelRequestedBy: z
    .string()
    .nullable()
    .default(null)
    .describe('The name of the token with which the cancel was requested'),
  resumeAt: At.nullable(),
  publication: PublicationOrNone,
  summary: z.string().nullable(),
  usage: Usage.nullable(),
  retryOf: JobId.nullable(),
  createdAt: At,
  startedAt: At.nullable().describe('When the first lease began'),
  endedAt: At.nullable(),
})
export type Job = z.infer<typeof Job>
