import { z } from 'zod'
import { Collection } from '../domain/collection.ts'
import { Delivery } from '../domain/delivery.ts'
import { Job, Submission } from '../domain/job.ts'
import { Lease, Renewal } from '../domain/lease.ts'
import type { Access, Scope } from '../domain/principal.ts'
import { ArtifactName } from '../domain/text.ts'
import * as schema from './schemas.ts'

const Empty = z.strictObject({})
const Nothing = z.null()

/** Bytes instead of JSON, in the request or in the answer. */
export type Bytes = { readonly bytes: true; readonly maxBytes: number }

/** One route: everything that hub, client and OpenAPI document need to know of it. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With {braces} around parameters, as OpenAPI writes them. */
  readonly path: string
  readonly summary: string
  readonly access: Access
  readonly params: z.ZodType
  readonly query: z.ZodType
  /** null: no body. */
  readonly body: z.ZodType | Bytes | null
  /** The JSON answer; `Bytes` for a stream of them. */
  readonly answer: z.ZodType | Bytes
  readonly status: number
}

const scope = (name: Scope) => ({ kind: 'scope', scope: name }) as const satisfies Access
const WORKER = { kind: 'worker' } as const satisfies Access
const ATTEMPT = { kind: 'attempt' } as const satisfies Access
const PUBLIC = { kind: 'public' } as const satisfies Access

const plain = { params: Empty, query: Empty, body: null, status: 200 } as const
const bytes = (maxBytes: number): Bytes => ({ bytes: true, maxBytes })
const ofAttempt = '/api/v1/leases/{job}/{attempt}'

/** The whole HTTP protocol. Handlers, client, OpenAPI and the access tests are made from it. */
export const ROUTES = {
  submitJob: {
    ...plain,
    method: 'POST',
    path: '/api/v1/jobs',
    summary: 'Submit a job',
    access: scope('jobs:submit'),
    body: Submission,
    answer: Job,
    status: 201,
  },
  listJobs: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs',
    summary: 'List jobs, newest first',
    access: scope('jobs:read'),
    query: schema.JobQuery,
    answer: schema.JobList,
  },
  getJob: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}',
    summary: 'One job',
    access: scope('jobs:read'),
    params: schema.JobParams,
    answer: Job,
  },
  cancelJob: {
    ...plain,
    method: 'POST',
    path: '/api/v1/jobs/{job}/cancel',
    summary: 'Cancel a job',
    access: scope('jobs:cancel'),
    params: schema.JobParams,
    answer: Job,
  },
  resumeJob: {
    ...plain,
    method: 'POST',
    path: '/api/v1/jobs/{job}/resume',
    summary: 'Resume a paused job',
    access: scope('jobs:submit'),
    params: schema.JobParams,
    answer: Job,
  },
  retryJob: {
    ...plain,
    method: 'POST',
    path: '/api/v1/jobs/{job}/retry',
    summary: 'Start a new job from an ended one',
    access: scope('jobs:submit'),
    params: schema.JobParams,
    body: schema.RetryBody,
    answer: Job,
    status: 201,
  },
  listEvents: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/events',
    summary: 'Events of a job; as an event stream when asked for text/event-stream',
    access: scope('jobs:read'),
    params: schema.JobParams,
    query: schema.EventQuery,
    answer: schema.EventList,
  },
  readLog: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/logs/{stream}',
    summary: 'Bytes of a log from an offset',
    access: scope('jobs:read'),
    params: schema.JobParams.extend({ stream: schema.LogStream }),
    query: schema.LogQuery,
    answer: bytes(4 * schema.SEGMENT_BYTES_MAX),
  },
  listArtifacts: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/artifacts',
    summary: 'Artifacts of a job',
    access: scope('artifacts:read'),
    params: schema.JobParams,
    answer: schema.ArtifactList,
  },
  getArtifact: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/artifacts/{attempt}/{name}',
    summary: 'One artifact; supports Range',
    access: scope('artifacts:read'),
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    answer: bytes(schema.ARTIFACT_BYTES_MAX),
  },

  claimLease: {
    ...plain,
    method: 'POST',
    path: '/api/v1/leases',
    summary: 'Wait for a job; null when there is none',
    access: WORKER,
    body: schema.ClaimBody,
    answer: Lease.nullable(),
  },
  salvageArtifact: {
    ...plain,
    method: 'PUT',
    path: `${ofAttempt}/salvage/{name}`,
    summary: 'Keep what an ended attempt left on its worker',
    access: WORKER,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    body: bytes(schema.ARTIFACT_BYTES_MAX),
    answer: schema.ArtifactInfo,
  },

  // A long poll, so that a cancel reaches the worker at once: the handler renews, and when no
  // cancel is requested yet it answers after waitMs or as soon as one is (Signal of the job).
  renewLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/renew`,
    summary: 'Keep the lease; hear of a cancel',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.RenewBody,
    answer: Renewal,
  },
  appendEvents: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/events`,
    summary: 'Tell what happened',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.EventsBody,
    answer: Nothing,
  },
  addCheckpoint: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/checkpoints`,
    summary: 'Record a finished step',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.CheckpointBody,
    answer: Nothing,
  },
  intendPublication: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/publication`,
    summary: 'Record what is about to be published',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.IntentBody,
    answer: Nothing,
  },
  writeLog: {
    ...plain,
    method: 'PUT',
    path: `${ofAttempt}/logs/{stream}/{offset}`,
    summary: 'Append a segment to a log',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({
      stream: schema.LogStream,
      offset: z.coerce
        .number()
        .int()
        .min(0)
        .max(2 ** 40),
    }),
    body: bytes(schema.SEGMENT_BYTES_MAX),
    answer: Nothing,
  },
  readInput: {
    ...plain,
    method: 'GET',
    path: `${ofAttempt}/inputs/{name}`,
    summary: 'A file that the job brings along',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    answer: bytes(schema.ARTIFACT_BYTES_MAX),
  },
  readContinued: {
    ...plain,
    method: 'GET',
    path: `${ofAttempt}/continues/{name}`,
    summary: 'An artifact of the job this one continues',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    answer: bytes(schema.ARTIFACT_BYTES_MAX),
  },
  readKept: {
    ...plain,
    method: 'GET',
    path: `${ofAttempt}/kept/{from}/{name}`,
    summary: 'An artifact of an earlier attempt of this job',
    access: ATTEMPT,
    params: schema.KeptParams,
    answer: bytes(schema.ARTIFACT_BYTES_MAX),
  },
  putArtifact: {
    ...plain,
    method: 'PUT',
    path: `${ofAttempt}/artifacts/{name}`,
    summary: 'Store an artifact; Content-Digest is verified',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    body: bytes(schema.ARTIFACT_BYTES_MAX),
    answer: schema.ArtifactInfo,
  },
  settleLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/settle`,
    summary: 'Report how the attempt ended',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.SettleBody,
    answer: Job,
  },
  pauseLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/pause`,
    summary: 'End the attempt and keep the job for later',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.PauseBody,
    answer: Job,
  },
  handBackLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/hand-back`,
    summary: 'Give the job back unharmed',
    access: ATTEMPT,
    params: schema.AttemptParams,
    answer: Job,
  },

  listDeliveries: {
    ...plain,
    method: 'GET',
    path: '/api/v1/deliveries',
    summary: 'What callbacks were told, or will be; newest job first',
    access: scope('jobs:read'),
    query: schema.DeliveryQuery,
    answer: schema.DeliveryList,
  },
  resendDelivery: {
    ...plain,
    method: 'POST',
    path: '/api/v1/deliveries/{delivery}/resend',
    summary: 'Send to a callback once more, under the same id',
    access: scope('jobs:submit'),
    params: schema.DeliveryParams,
    answer: Delivery,
  },

  listWorkers: {
    ...plain,
    method: 'GET',
    path: '/api/v1/workers',
    summary: 'Workers and when they were last seen',
    access: scope('workers:read'),
    answer: schema.WorkerList,
  },
  createToken: {
    ...plain,
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Make a token; it is shown once',
    access: scope('admin'),
    body: schema.TokenBody,
    answer: schema.TokenCreated,
    status: 201,
  },
  listTokens: {
    ...plain,
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'List tokens, never their secrets',
    access: scope('admin'),
    answer: schema.TokenList,
  },
  revokeToken: {
    ...plain,
    method: 'DELETE',
    path: '/api/v1/tokens/{token}',
    summary: 'Revoke a token',
    access: scope('admin'),
    params: z.strictObject({ token: z.string().max(64) }),
    answer: Nothing,
  },

  collect: {
    ...plain,
    method: 'POST',
    path: '/api/v1/collections',
    summary: 'Remove what nobody needs any more, or say what that is',
    access: scope('admin'),
    body: schema.CollectBody,
    answer: Collection,
  },

  live: {
    ...plain,
    method: 'GET',
    path: '/livez',
    summary: 'The program runs',
    access: PUBLIC,
    answer: schema.Health,
  },
  ready: {
    ...plain,
    method: 'GET',
    path: '/readyz',
    summary: 'The ledger can be written and the disk has room',
    access: PUBLIC,
    answer: schema.Health,
  },
  metrics: {
    ...plain,
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics',
    access: scope('workers:read'),
    answer: bytes(16 * 1024 * 1024),
  },
  openApi: {
    ...plain,
    method: 'GET',
    path: '/openapi.json',
    summary: 'This protocol as OpenAPI 3.1',
    access: PUBLIC,
    answer: z.record(z.string(), z.unknown()),
  },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof ROUTES
