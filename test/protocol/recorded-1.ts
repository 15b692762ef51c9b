// The schemas that workers of protocol 1 accept, copied from their program. Never change this
// record, because those workers do not change either.
import { z } from 'zod'

const JobId = z.uuid({ version: 'v7' })
const At = z.int().min(0)
const Commit = z.string().regex(/^[0-9a-f]{40,64}$/)

const Reason = z.enum([
  'published',
  'patch-ready',
  'no-change',
  'cancelled-too-late',
  'cancelled-by-request',
  'agent-failed',
  'agent-not-installed',
  'agent-login',
  'model-unavailable',
  'check-failed',
  'wall-limit',
  'idle-limit',
  'step-limit',
  'attempts-exhausted',
  'repository-not-found',
  'repository-unreachable',
  'repository-login',
  'credential-missing',
  'repository-forbidden',
  'repository-unsafe',
  'host-key-changed',
  'host-key-unknown',
  'protocol-refused',
  'ref-not-found',
  'sparse-not-found',
  'submodule-refused',
  'lfs-object-missing',
  'lfs-missing',
  'workspace-failed',
  'change-too-large',
  'disk-full',
  'publish-invalid',
  'branch-moved',
  'signing-failed',
  'push-refused',
  'sandbox-missing',
  'worker-outdated',
  'worker-error',
  'worker-lost',
  'handed-back',
  'resumed',
  'waiting-for-person',
  'quota-exhausted',
])

const Limits = z.strictObject({
  wallMs: z.int(),
  idleMs: z.int(),
  outputBytes: z.int(),
  steps: z.int(),
  pausedLocksMs: z.int(),
})

const RetryPolicy = z.strictObject({
  maxFailures: z.int(),
  delayMs: z.int(),
  factor: z.number(),
  capMs: z.int(),
})

const Usage = z.strictObject({
  requests: z.int(),
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  outputTokens: z.int(),
  costUsd: z.union([z.number(), z.literal('unknown')]),
  models: z.array(z.string()),
  replayed: z.boolean(),
})

const Publication = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('branch'),
    repository: z.string().max(2048),
    branch: z.string().max(200),
    commit: Commit,
  }),
])

const PublicationIntent = z.strictObject({
  kind: z.literal('branch'),
  repository: z.string().max(2048),
  branch: z.string().max(200),
  commit: Commit,
  replaces: Commit.nullable(),
})

const Checkpoint = z.strictObject({
  step: z.string().min(1).max(64),
  product: z.record(z.string().max(64), z.json()),
})

const Continuation = z.strictObject({
  jobId: JobId,
  session: z.string().max(200).nullable(),
  artifacts: z.array(z.strictObject({ name: z.string(), digest: z.string(), size: z.int() })),
  publication: Publication.nullable(),
})

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
  token: z.string(),
  leaseMs: z.int(),
  checkpoints: z.array(Checkpoint),
  intents: z.array(PublicationIntent),
  continues: Continuation.nullable(),
})

export const Renewal = z.strictObject({ leaseMs: z.int(), cancelRequested: z.boolean() })

export const ArtifactInfo = z.strictObject({
  attempt: z.int(),
  name: z.string(),
  digest: z.string(),
  size: z.int(),
  mediaType: z.string(),
  createdAt: z.int(),
})

export const Job = z.strictObject({
  id: JobId,
  kind: z.string(),
  title: z.string(),
  payload: z.unknown(),
  state: z.enum(['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled']),
  reason: Reason.nullable(),
  detail: z.string(),
  priority: z.int(),
  labels: z.array(z.string()),
  locks: z.array(z.string()),
  limits: Limits,
  retry: RetryPolicy,
  attempt: z.int(),
  failures: z.int(),
  step: z.string().nullable(),
  worker: z.string().nullable(),
  sandbox: z.string().nullable(),
  leaseUntil: At.nullable(),
  notBefore: At.nullable(),
  parkedOn: z.string().nullable(),
  cancelRequestedAt: At.nullable(),
  resumeAt: At.nullable(),
  publication: Publication.nullable(),
  summary: z.string().nullable(),
  usage: Usage.nullable(),
  retryOf: JobId.nullable(),
  createdAt: At,
  startedAt: At.nullable(),
  endedAt: At.nullable(),
})
