import { existsSync } from 'node:fs'
import { isAppError } from '../domain/errors.ts'
import { isLeaseLost } from '../domain/stop.ts'
import type { HubClient } from '../protocol/client.ts'
import { attemptParams } from './attempt-params.ts'
import type { WorkerContext } from './context.ts'
import { callUntilAnswered, saysLeaseLost } from './hub-call.ts'
import type { FinalReport } from './report-spool.ts'
import { upload } from './upload.ts'

const TRY_MS = 30_000

type DeliveryContext = Pick<WorkerContext, 'hub' | 'clock' | 'log'>

/**
 * Sends the hub the final report of an attempt, after `before` has sent everything that belongs to
 * it. Retries until the hub accepts or refuses the report; both are final.
 */
export async function deliverReport(
  report: FinalReport,
  { hub, clock, log }: DeliveryContext,
  before: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<'taken' | 'refused'> {
  try {
    // A hub that already has the report refuses the uploads too: only its answer to the report decides.
    await before().catch(unlessLeaseLost)
    await callUntilAnswered(
      (trying) => sendEnd(report, hub.withToken(report.token), trying),
      { clock, tryMs: TRY_MS },
      signal,
    )
    return 'taken'
  } catch (error) {
    // The uploads were aborted, and a hub that has not noticed the loss yet would accept the report
    // without them.
    if (isLeaseLost(error)) return 'refused'
    if (!isAppError(error)) throw error
    // Not kept for a retry: it would be refused again at every start of this worker.
    if (!saysLeaseLost(error)) log.error({ job: report.jobId, error }, 'final report refused')
    return 'refused'
  }
}

function unlessLeaseLost(error: unknown): void {
  if (!saysLeaseLost(error)) throw error
}

/** Delivers a report that an earlier run of this worker left in its spool. */
export async function deliverReportAgain(
  report: FinalReport,
  { hub, clock, log }: DeliveryContext,
  signal: AbortSignal,
): Promise<'taken' | 'refused'> {
  const context = { hub: hub.withToken(report.token), fence: report, clock }
  // A missing file was delivered: the attempt's folder is removed before the report is.
  const files = report.artifacts.filter(({ file }) => existsSync(file))
  const before = async (): Promise<void> => {
    for (const artifact of files) {
      // As in the first run, a file that is unreadable or refused does not hold up the report.
      await upload(artifact, 'putArtifact', context, signal).catch((error: unknown) =>
        log.warn({ job: report.jobId, artifact: artifact.name, error }, 'artifact not kept'),
      )
    }
  }
  return deliverReport(report, { hub, clock, log }, before, signal)
}

async function sendEnd(report: FinalReport, hub: HubClient, signal: AbortSignal): Promise<void> {
  const params = attemptParams(report)
  const { end, usage } = report
  switch (end.kind) {
    case 'settle':
      await hub.call('settleLease', { params, body: { settlement: end.settlement, usage } }, signal)
      return
    case 'pause':
      await hub.call('pauseLease', { params, body: { ...end.pause, usage } }, signal)
      return
    case 'hand-back':
      await hub.call('handBackLease', { params }, signal)
  }
}
