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
 * Calls `before`, which sends the attempt's artifacts, logs and events to the hub, and then sends
 * the attempt's final report. Retries until the hub accepts or refuses the report; either answer is
 * final.
 */
export async function deliverReport(
  report: FinalReport,
  { hub, clock, log }: DeliveryContext,
  before: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<'accepted' | 'refused'> {
  try {
    // If the hub already has the report, it refuses the uploads with a lost-lease error. That error
    // is ignored here, because only the hub's answer to the report counts.
    await before().catch(unlessLeaseLost)
    await callUntilAnswered(
      (trying) => sendEnd(report, hub.withToken(report.token), trying),
      { clock, tryMs: TRY_MS },
      signal,
    )
    return 'accepted'
  } catch (error) {
    // The lease was lost, so the uploads were aborted. The report is not sent: a hub that has not
    // noticed the loss yet would accept it without the uploads.
    if (isLeaseLost(error)) return 'refused'
    if (!isAppError(error)) throw error
    // The report is not kept for a retry: the hub would refuse it again at every start of this
    // worker.
    if (!saysLeaseLost(error))
      log.error({ job: report.jobId, error }, 'the hub refused the final report')
    return 'refused'
  }
}

function unlessLeaseLost(error: unknown): void {
  if (!saysLeaseLost(error)) throw error
}

/** Delivers a report left in the spool by an earlier run of this worker. */
export async function deliverReportAgain(
  report: FinalReport,
  { hub, clock, log }: DeliveryContext,
  signal: AbortSignal,
): Promise<'accepted' | 'refused'> {
  const context = { hub: hub.withToken(report.token), fence: report, clock }
  // The worker removes an attempt's folder only after the hub has accepted the report, and it
  // removes the spooled report last. If a file is missing, the earlier run died between these two
  // removals. The file therefore needs no upload.
  const files = report.artifacts.filter(({ file }) => existsSync(file))
  const before = async (): Promise<void> => {
    for (const artifact of files) {
      // As in the first run, a file that is unreadable or refused by the hub does not stop the
      // report.
      await upload(artifact, 'putArtifact', context, signal).catch((error: unknown) =>
        log.warn(
          { job: report.jobId, artifact: artifact.name, error },
          'could not upload the artifact',
        ),
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
    case 'defer':
      await hub.call('deferLease', { params, body: { ...end.deferral, usage } }, signal)
      return
    case 'hand-back':
      await hub.call('handBackLease', { params }, signal)
  }
}
