import { z } from 'zod'
import { LogStream } from '../domain/attempt.ts'
import { GarbageReport } from '../domain/garbage.ts'
import { Delivery } from '../domain/delivery.ts'
import { Digest, FILE_BYTES_MAX } from '../domain/input.ts'
import { Job, Submission } from '../domain/job.ts'
import { ArtifactName } from '../domain/text.ts'
import { Totals } from '../domain/totals.ts'
import { UsageReport } from '../domain/usage-report.ts'
import { LEASE_ROUTES } from './lease-routes.ts'
import { bytes, plain, PUBLIC, type Route, scope } from './route.ts'
import * as schema from './schemas.ts'

const Nothing = z.null()

/** All routes of the hub's API. The handlers, the client, the OpenAPI document and tests use them. */
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
  groupTotals: {
    ...plain,
    method: 'GET',
    path: '/api/v1/totals',
    summary: 'Count the jobs of a group by state, and add up their usage',
    access: scope('jobs:read'),
    query: schema.TotalsQuery,
    answer: Totals,
  },
  readUsage: {
    ...plain,
    method: 'GET',
    path: '/api/v1/usage',
    summary:
      'Sum the tokens and costs of jobs by day, label, repository, agent, model, submitter or group',
    access: scope('jobs:read'),
    query: schema.UsageQuery,
    answer: UsageReport,
  },
  getJob: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}',
    summary: 'Get a job',
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
    summary: 'Submit a new job that continues a job that has ended',
    access: scope('jobs:submit'),
    params: schema.JobParams,
    body: schema.RetryBody,
    answer: Job,
    status: 201,
  },
  extendHold: {
    ...plain,
    method: 'POST',
    path: '/api/v1/jobs/{job}/hold',
    summary: 'Extend the time until which a job may publish; only its submitter may do this',
    access: scope('jobs:submit'),
    params: schema.JobParams,
    body: schema.HoldBody,
    answer: Job,
  },
  listInputs: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/inputs',
    summary: 'List a job’s input files',
    access: scope('jobs:read'),
    params: schema.JobParams,
    answer: schema.InputList,
  },
  listEvents: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/events',
    summary: 'List a job’s events, or stream them if the request has Accept: text/event-stream',
    access: scope('jobs:read'),
    params: schema.JobParams,
    query: schema.EventQuery,
    answer: schema.EventList,
  },
  readLog: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/logs/{stream}',
    summary: 'Read bytes of a log from an offset',
    access: scope('jobs:read'),
    params: schema.JobParams.extend({ stream: LogStream }),
    query: schema.LogQuery,
    answer: bytes(schema.LOG_BYTES_MAX),
  },
  listArtifacts: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/artifacts',
    summary: 'List a job’s artifacts',
    access: scope('artifacts:read'),
    params: schema.JobParams,
    answer: schema.ArtifactList,
  },
  getArtifact: {
    ...plain,
    method: 'GET',
    path: '/api/v1/jobs/{job}/artifacts/{attempt}/{name}',
    summary: 'Download an artifact; supports Range',
    access: scope('artifacts:read'),
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    answer: bytes(FILE_BYTES_MAX),
  },
  putBlob: {
    ...plain,
    method: 'PUT',
    path: '/api/v1/blobs/{digest}',
    summary: 'Upload an input file under its SHA-256, before submitting a job that uses it',
    access: scope('jobs:submit'),
    params: z.strictObject({ digest: Digest }),
    body: bytes(FILE_BYTES_MAX),
    answer: schema.BlobInfo,
  },

  ...LEASE_ROUTES,
  listDeliveries: {
    ...plain,
    method: 'GET',
    path: '/api/v1/deliveries',
    summary: 'List the messages sent or waiting to be sent to callbacks, newest job first',
    access: scope('jobs:read'),
    query: schema.DeliveryQuery,
    answer: schema.DeliveryList,
  },
  resendDelivery: {
    ...plain,
    method: 'POST',
    path: '/api/v1/deliveries/{delivery}/resend',
    summary: 'Resend a callback delivery with the same delivery id',
    access: scope('jobs:submit'),
    params: schema.DeliveryParams,
    answer: Delivery,
  },

  listWorkers: {
    ...plain,
    method: 'GET',
    path: '/api/v1/workers',
    summary: 'List workers and when they were last seen',
    access: scope('workers:read'),
    answer: schema.WorkerList,
  },
  createToken: {
    ...plain,
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Create a token; only this response contains its secret',
    access: scope('admin'),
    body: schema.TokenBody,
    answer: schema.TokenCreated,
    status: 201,
  },
  listTokens: {
    ...plain,
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'List tokens, without their secrets',
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
    summary:
      'Collect garbage: remove expired jobs and logs and unreferenced files, or only list them',
    access: scope('admin'),
    body: schema.CollectBody,
    answer: GarbageReport,
  },

  live: {
    ...plain,
    method: 'GET',
    path: '/livez',
    summary: 'Check that the process is running',
    access: PUBLIC,
    answer: schema.Health,
  },
  ready: {
    ...plain,
    method: 'GET',
    path: '/readyz',
    summary: 'Check that the ledger can be written and the disk has free space',
    access: PUBLIC,
    answer: schema.Health,
  },
  metrics: {
    ...plain,
    method: 'GET',
    path: '/metrics',
    summary: 'Get metrics in the Prometheus text format',
    access: scope('workers:read'),
    answer: bytes(16 * 1024 * 1024),
  },
  openApi: {
    ...plain,
    method: 'GET',
    path: '/openapi.json',
    summary: 'Get this API as an OpenAPI 3.1 document',
    access: PUBLIC,
    answer: z.record(z.string(), z.unknown()),
  },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof ROUTES
