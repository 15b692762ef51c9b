import type { Endpoints } from './handler.ts'
import {
  getArtifact,
  listArtifacts,
  putArtifact,
  readContinued,
  readInput,
  readKept,
  salvageArtifact,
} from './routes/artifacts.ts'
import { listDeliveries, resendDelivery } from './routes/deliveries.ts'
import { listEvents } from './routes/events.ts'
import { cancelJob, getJob, listJobs, resumeJob, retryJob, submitJob } from './routes/jobs.ts'
import {
  addCheckpoint,
  appendEvents,
  claimLease,
  handBackLease,
  intendPublication,
  pauseLease,
  renewLease,
  settleLease,
} from './routes/leases.ts'
import { readLog, writeLog } from './routes/logs.ts'
import { collect, listWorkers, live, metrics, openApi, ready } from './routes/operation.ts'
import { createToken, listTokens, revokeToken } from './routes/tokens.ts'

/** What the hub does for each route of the protocol. */
export const endpoints: Endpoints = {
  submitJob,
  listJobs,
  getJob,
  cancelJob,
  resumeJob,
  retryJob,
  listEvents,
  readLog,
  listArtifacts,
  getArtifact,
  claimLease,
  salvageArtifact,
  renewLease,
  appendEvents,
  addCheckpoint,
  intendPublication,
  writeLog,
  readContinued,
  readInput,
  readKept,
  putArtifact,
  settleLease,
  pauseLease,
  handBackLease,
  listDeliveries,
  resendDelivery,
  listWorkers,
  createToken,
  listTokens,
  revokeToken,
  collect,
  live,
  ready,
  metrics,
  openApi,
}
