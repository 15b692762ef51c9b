import { z } from 'zod'
import { LOG_SEGMENT_BYTES_MAX } from '../domain/attempt.ts'
import { DeliveryId, DeliveryState } from '../domain/callback.ts'
import { Delivery } from '../domain/delivery.ts'
import { Checkpoint, JobEvent, WorkerEvent } from '../domain/event.ts'
import { InputFile } from '../domain/input.ts'
import { JobId } from '../domain/id.ts'
import { Group, Job } from '../domain/job.ts'
import { LEASE_MS_DEFAULT, LEASE_MS_MAX, LEASE_MS_MIN, WorkerIdentity } from '../domain/lease.ts'
import { Deferral, PauseReason, Settlement, Usage } from '../domain/outcome.ts'
import { Closed } from '../domain/closed.ts'
import { PublicationIntent } from '../domain/publication.ts'
import { Scope } from '../domain/principal.ts'
import { Resource } from '../domain/resource.ts'
import { JobState } from '../domain/state.ts'
import { ArtifactName, line, Offer } from '../domain/text.ts'
import { UsageBy } from '../domain/usage-report.ts'

/** Maximum duration of a long poll, in milliseconds. */
export const WAIT_MS_MAX = 30_000
/** Largest JSON request body, in bytes. */
export const JSON_BYTES_MAX = 1024 * 1024
/** Maximum number of bytes of a log in one response. */
export const LOG_BYTES_MAX = 4 * LOG_SEGMENT_BYTES_MAX

const number = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const list = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',') : value),
    z.array(item).max(20),
  )

export const JobParams = z.strictObject({ job: JobId })
export const AttemptParams = z.strictObject({ job: JobId, attempt: number(1, 1_000_000) })

export const KeptParams = AttemptParams.extend({ from: number(1, 1_000_000), name: ArtifactName })

export const JobQuery = z.strictObject({
  state: list(JobState).optional(),
  kind: line(64).optional(),
  label: line(64).optional(),
  group: Group.optional(),
  text: line(200).optional(),
  from: number(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Only jobs created at or after this time (epoch ms)'),
  before: number(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Only jobs created before this time (epoch ms)'),
  continued: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe(
      'true: only jobs that another job continues, such as a retry; false: only the others',
    ),
  cursor: JobId.optional().describe('The value of `next` from the previous page'),
  limit: number(1, 200).default(50),
})
export const TotalsQuery = z.strictObject({ group: Group })
export const JobList = z.object({ jobs: z.array(Job), next: JobId.nullable() })

export const UsageQuery = z.strictObject({
  by: UsageBy.default('day'),
  from: number(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Only jobs created at or after this time (epoch ms); default: 30 days ago'),
  before: number(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Only jobs created before this time (epoch ms)'),
})

/** The body of a request to continue a job that has ended, with what the new job changes. */
export const RetryBody = z.strictObject({
  prompt: z
    .string()
    .min(1)
    .max(262_144)
    .optional()
    .describe(
      'New prompt. If it is set, the job continues the agent’s session and gives it this prompt',
    ),
  ref: line(200)
    .optional()
    .describe(
      'Branch, tag or commit from which the new job starts; default: where the earlier job ended',
    ),
  branch: line(200)
    .optional()
    .describe('The branch to publish to; default: the branch of the earlier job'),
  idempotencyKey: line(255).optional(),
})

export const EventQuery = z.strictObject({
  after: number(0, 2 ** 31).default(0),
  limit: number(1, 1000).default(200),
})
export const EventList = z.object({ events: z.array(JobEvent) })

export const HoldBody = z.strictObject({
  until: z.int().min(0).describe('Time (epoch ms) until which the job may publish'),
})
export const InputList = z.object({ inputs: z.array(InputFile) })
export const BlobInfo = z.object({ digest: z.string(), size: z.int() })

export const LogQuery = z.strictObject({
  attempt: number(1, 1_000_000)
    .optional()
    .describe('Attempt whose log to read (default: the newest)'),
  offset: number(0, 2 ** 40).default(0),
  limit: number(1, LOG_BYTES_MAX).default(LOG_SEGMENT_BYTES_MAX),
  waitMs: number(0, WAIT_MS_MAX)
    .default(0)
    .describe('How long to wait for bytes if there are none at the offset yet'),
})

export const ArtifactInfo = z.object({
  attempt: z.int(),
  name: z.string(),
  digest: z.string(),
  size: z.int(),
  mediaType: z.string(),
  createdAt: z.int(),
})
export type ArtifactInfo = z.infer<typeof ArtifactInfo>
export const ArtifactList = z.object({ artifacts: z.array(ArtifactInfo) })

export const DeliveryQuery = z.strictObject({
  job: JobId.optional(),
  state: list(DeliveryState).optional(),
  cursor: DeliveryId.optional().describe('The value of `next` from the previous page'),
  limit: number(1, 200).default(50),
})
export const DeliveryList = z.object({
  deliveries: z.array(Delivery),
  next: DeliveryId.nullable(),
})
export const DeliveryParams = z.strictObject({ delivery: DeliveryId })

export const ClaimBody = z.strictObject({
  requestId: z.uuid(),
  protocol: z
    .int()
    .min(1)
    .optional()
    .describe(
      'The worker’s protocol version. It must be equal to the one in the header Millwright-Protocol, if that header is sent. If both are missing, the version is 1',
    ),
  worker: WorkerIdentity.extend({
    // The maximum is lower than in WorkerIdentity, because the hub adds an offer for each protocol.
    offers: z.array(Offer).max(200).default([]),
  }),
  leaseMs: z.int().min(LEASE_MS_MIN).max(LEASE_MS_MAX).default(LEASE_MS_DEFAULT),
  waitMs: z.int().min(0).max(WAIT_MS_MAX).default(0),
})
export const RenewBody = z.strictObject({
  leaseMs: z.int().min(LEASE_MS_MIN).max(LEASE_MS_MAX),
  waitMs: z
    .int()
    .min(0)
    .max(WAIT_MS_MAX)
    .default(0)
    .describe(
      'How long the hub waits for a cancel request before it responds; it renews the lease first',
    ),
})
export const EventsBody = z.strictObject({
  from: z.int().min(1),
  events: z.array(WorkerEvent).min(1).max(500),
})
export const CheckpointBody = Checkpoint
export const IntentBody = PublicationIntent
export const SettleBody = z.strictObject({ settlement: Settlement, usage: Usage.nullable() })
export const PauseBody = z.strictObject({
  reason: PauseReason,
  detail: z.string().max(8192),
  resumeAt: z.int().min(0).optional(),
  closed: Resource.optional().describe('The model account that refuses requests until `resumeAt`'),
  usage: Usage.nullable(),
})
export const DeferBody = Deferral.extend({ usage: Usage.nullable() })
export const ClosedList = z.object({ closed: z.array(Closed) })

export const SalvageBody = z.strictObject({
  checkpoint: Checkpoint,
  worker: WorkerIdentity.pick({ id: true }).describe('The worker that claimed the attempt'),
})
export const AbandonBody = z.strictObject({
  worker: WorkerIdentity.pick({ id: true, bootId: true }).describe(
    'The worker that claimed the attempt, with the boot id of its current run',
  ),
})

export const WorkerInfo = z.object({
  ...WorkerIdentity.shape,
  restrictedTo: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('Patterns for the jobs that the worker’s token allows, or null for all jobs'),
  seenAt: z.int(),
  running: z.int(),
})
export const WorkerList = z.object({ workers: z.array(WorkerInfo) })

export const TokenInfo = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(Scope),
  lanes: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('Patterns for the jobs that a worker with this token may run, or null for all jobs'),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  lastUsedAt: z.int().nullable(),
})
export type TokenInfo = z.infer<typeof TokenInfo>
export const TokenBody = z.strictObject({
  name: line(100),
  scopes: z.array(Scope).min(1).max(10),
  lanes: z
    .array(Offer)
    .min(1)
    .max(64)
    .optional()
    .describe(
      'For a worker: patterns for the jobs it may run, such as `kind:code` or `repo:https://…*`',
    ),
  days: z
    .int()
    .min(1)
    .max(365)
    .nullable()
    .default(90)
    .describe('Days until the token expires, or null for no expiration'),
})
export const TokenCreated = z.object({
  token: z.string().describe('The secret; it is shown only in this response'),
  info: TokenInfo,
})
export const TokenList = z.object({ tokens: z.array(TokenInfo) })

export const CollectBody = z.strictObject({
  dryRun: z.boolean().default(false).describe('Only list what would be removed'),
})

export const Health = z.object({
  status: z.literal('ok'),
  version: z.string(),
  protocol: z.int().default(1).describe('Newest protocol version that the hub supports'),
})
