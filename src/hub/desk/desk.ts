import type { HubState } from '../context.ts'
import {
  findArtifact,
  listArtifacts,
  putArtifact,
  salvageArtifact,
  salvageWork,
} from './artifacts.ts'
import { authenticate } from './authenticate.ts'
import { claim } from './claim.ts'
import { listDeliveries, resendDelivery } from './deliveries.ts'
import { findContinued, findInput, findKept } from './earlier.ts'
import { abandon, defer, handBack, pause, settle } from './end-attempt.ts'
import { followEvents, readEvents } from './events.ts'
import {
  cancelJob,
  extendHold,
  groupTotals,
  listInputs,
  listJobs,
  readJob,
  resumeJob,
} from './jobs.ts'
import { collectGarbage, demandReady, listClosed, listWorkers } from './operation.ts'
import { putBlob } from './put-blob.ts'
import { readLog } from './read-log.ts'
import { readUsage } from './read-usage.ts'
import { renew } from './renew.ts'
import { addCheckpoint, appendEvents, intendPublication } from './report.ts'
import { retry } from './retry.ts'
import { openBytes } from './store.ts'
import { submit } from './submit.ts'
import { createToken, listTokens, revokeToken } from './tokens.ts'
import { writeLog } from './write-log.ts'

/**
 * All operations of a hub, without HTTP. Dialects call only the desk, never the ledger or the server.
 * Each operation is documented in its own file.
 */
export type Desk = ReturnType<typeof openDesk>

export function openDesk(hub: HubState) {
  const at =
    <Rest extends readonly unknown[], Answer>(
      useCase: (hub: HubState, ...rest: Rest) => Answer,
    ): ((...rest: Rest) => Answer) =>
    (...rest) =>
      useCase(hub, ...rest)
  return {
    version: hub.version,
    authenticate: at(authenticate),
    submit: at(submit),
    retry: at(retry),
    readJob: at(readJob),
    listJobs: at(listJobs),
    groupTotals: at(groupTotals),
    readUsage: at(readUsage),
    listInputs: at(listInputs),
    cancelJob: at(cancelJob),
    resumeJob: at(resumeJob),
    extendHold: at(extendHold),
    readEvents: at(readEvents),
    followEvents: at(followEvents),
    readLog: at(readLog),
    putBlob: at(putBlob),
    listArtifacts: at(listArtifacts),
    findArtifact: at(findArtifact),
    openBytes: at(openBytes),
    claim: at(claim),
    renew: at(renew),
    appendEvents: at(appendEvents),
    addCheckpoint: at(addCheckpoint),
    intendPublication: at(intendPublication),
    writeLog: at(writeLog),
    putArtifact: at(putArtifact),
    salvageArtifact: at(salvageArtifact),
    salvageWork: at(salvageWork),
    findInput: at(findInput),
    findKept: at(findKept),
    findContinued: at(findContinued),
    settle: at(settle),
    pause: at(pause),
    defer: at(defer),
    handBack: at(handBack),
    abandon: at(abandon),
    listDeliveries: at(listDeliveries),
    resendDelivery: at(resendDelivery),
    createToken: at(createToken),
    listTokens: at(listTokens),
    revokeToken: at(revokeToken),
    listWorkers: at(listWorkers),
    listClosed: at(listClosed),
    collectGarbage: at(collectGarbage),
    demandReady: at(demandReady),
    /** Returns the hub's metrics in the Prometheus text format. */
    printMetrics: () => hub.metrics.print(),
  }
}
