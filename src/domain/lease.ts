import { z } from 'zod'
import { Checkpoint } from './event.ts'
import { JobId } from './id.ts'
import { Limits } from './limits.ts'
import { Publication, PublicationIntent } from './outcome.ts'
import { Name } from './text.ts'

export const LEASE_MS_DEFAULT = 60_000
export const LEASE_MS_MIN = 1000
export const LEASE_MS_MAX = 86_400_000

/** What every write of a worker carries: the attempt number fences off everybody else. */
export type Fence = { readonly jobId: JobId; readonly attempt: number }

/** Who a worker says it is. Its boot id tells a restarted one from one that never died. */
export const WorkerIdentity = z.strictObject({
  id: z.uuid().describe('Kept in the worker’s data folder'),
  bootId: z.uuid().describe('New at every start'),
  name: z.string().min(1).max(100),
  version: z.string().max(64),
  slots: z.int().min(1).max(1024),
  kinds: z.array(Name).min(1).max(64),
  labels: z.array(Name).max(64).default([]),
  sandbox: z.enum(['bubblewrap', 'none']),
})
export type WorkerIdentity = z.infer<typeof WorkerIdentity>

/** Where a follow-up goes on: the session and tree of the job it continues. */
export const Continuation = z.strictObject({
  jobId: JobId,
  session: z.string().max(200).nullable(),
  /** Artifact names of the earlier job, by use: the agent's session files and the patch. */
  artifacts: z.array(z.strictObject({ name: z.string(), digest: z.string(), size: z.int() })),
  publication: Publication.nullable(),
})
export type Continuation = z.infer<typeof Continuation>

/** The right to work on a job for a while, and all that is needed to begin. */
export const Lease = z.strictObject({
  job: z.strictObject({
    id: JobId,
    kind: z.string(),
    title: z.string(),
    payload: z.unknown(),
    limits: Limits,
    locks: z.array(z.string()),
  }),
  attempt: z.int().min(1),
  /** Bearer token for this attempt alone. */
  token: z.string(),
  leaseMs: z.int(),
  checkpoints: z.array(Checkpoint),
  intents: z.array(PublicationIntent),
  continues: Continuation.nullable(),
})
export type Lease = z.infer<typeof Lease>

/** What a worker hears at each renewal. */
export const Renewal = z.strictObject({
  leaseMs: z.int(),
  cancelRequested: z.boolean(),
})
export type Renewal = z.infer<typeof Renewal>
