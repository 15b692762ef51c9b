import type { Endpoints } from './handler.ts'
import * as artifacts from './routes/artifacts.ts'
import * as blobs from './routes/blobs.ts'
import * as deliveries from './routes/deliveries.ts'
import * as events from './routes/events.ts'
import * as jobs from './routes/jobs.ts'
import * as leases from './routes/leases.ts'
import * as logs from './routes/logs.ts'
import * as operation from './routes/operation.ts'
import * as tokens from './routes/tokens.ts'

/** The handlers of all routes in the protocol. */
export const endpoints: Endpoints = {
  ...jobs,
  ...events,
  ...logs,
  ...artifacts,
  ...blobs,
  ...leases,
  ...deliveries,
  ...tokens,
  ...operation,
}
