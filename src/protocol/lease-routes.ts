import { z } from 'zod'
import { LOG_SEGMENT_BYTES_MAX, LogStream } from '../domain/attempt.ts'
import { FILE_BYTES_MAX } from '../domain/input.ts'
import { Job } from '../domain/job.ts'
import { Lease, Renewal } from '../domain/lease.ts'
import { ArtifactName } from '../domain/text.ts'
import { ATTEMPT, bytes, plain, type Route, WORKER } from './route.ts'
import * as schema from './schemas.ts'

const Nothing = z.null()
const ofAttempt = '/api/v1/leases/{job}/{attempt}'

/** The routes through which workers claim jobs and report on their attempts. */
export const LEASE_ROUTES = {
  claimLease: {
    ...plain,
    method: 'POST',
    path: '/api/v1/leases',
    summary: 'Wait for a job and lease it; returns null if none arrives in time',
    access: WORKER,
    body: schema.ClaimBody,
    answer: Lease.nullable(),
  },
  salvageArtifact: {
    ...plain,
    method: 'PUT',
    path: `${ofAttempt}/salvage/{name}`,
    summary: 'Store a file that an ended attempt left on its worker',
    access: WORKER,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    body: bytes(FILE_BYTES_MAX),
    answer: schema.ArtifactInfo,
  },
  salvageWork: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/salvage`,
    summary: 'Record the work of a dead attempt for the next attempt, after its files were stored',
    access: WORKER,
    params: schema.AttemptParams,
    body: schema.SalvageBody,
    answer: Nothing,
  },
  abandonLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/abandon`,
    summary: 'End an attempt of an earlier run of the worker, as if its lease had expired',
    access: WORKER,
    params: schema.AttemptParams,
    body: schema.AbandonBody,
    answer: Job,
  },

  // A long poll, so that a cancel request reaches the worker at once. The hub renews the lease when
  // the poll arrives. The hub responds when someone requests to cancel the job, or after `waitMs`.
  renewLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/renew`,
    summary: 'Renew the lease; the response says whether the job is being cancelled',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.RenewBody,
    answer: Renewal,
  },
  appendEvents: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/events`,
    summary: 'Append events that the attempt reports',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.EventsBody,
    answer: Nothing,
  },
  addCheckpoint: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/checkpoints`,
    summary: 'Record the checkpoint of a finished step',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.CheckpointBody,
    answer: Nothing,
  },
  intendPublication: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/publication`,
    summary: 'Record what the attempt is about to publish',
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
      stream: LogStream,
      offset: z.coerce
        .number()
        .int()
        .min(0)
        .max(2 ** 40),
    }),
    body: bytes(LOG_SEGMENT_BYTES_MAX),
    answer: Nothing,
  },
  readInput: {
    ...plain,
    method: 'GET',
    path: `${ofAttempt}/inputs/{name}`,
    summary: 'Download one of the job’s input files',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    answer: bytes(FILE_BYTES_MAX),
  },
  readContinued: {
    ...plain,
    method: 'GET',
    path: `${ofAttempt}/continues/{name}`,
    summary: 'Download an artifact of an earlier job that this job continues',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    answer: bytes(FILE_BYTES_MAX),
  },
  readKept: {
    ...plain,
    method: 'GET',
    path: `${ofAttempt}/kept/{from}/{name}`,
    summary: 'Download an artifact of an earlier attempt of this job',
    access: ATTEMPT,
    params: schema.KeptParams,
    answer: bytes(FILE_BYTES_MAX),
  },
  putArtifact: {
    ...plain,
    method: 'PUT',
    path: `${ofAttempt}/artifacts/{name}`,
    summary: 'Store an artifact; the hub verifies Content-Digest if the request has it',
    access: ATTEMPT,
    params: schema.AttemptParams.extend({ name: ArtifactName }),
    body: bytes(FILE_BYTES_MAX),
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
    summary: 'End the attempt and pause the job',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.PauseBody,
    answer: Job,
  },
  deferLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/defer`,
    summary:
      'End the attempt and queue the job again, because a resource that it needs is unavailable',
    access: ATTEMPT,
    params: schema.AttemptParams,
    body: schema.DeferBody,
    answer: Job,
  },
  handBackLease: {
    ...plain,
    method: 'POST',
    path: `${ofAttempt}/hand-back`,
    summary: 'End the attempt and queue the job again, without counting a failure',
    access: ATTEMPT,
    params: schema.AttemptParams,
    answer: Job,
  },
} as const satisfies Record<string, Route>
