import { existsSync } from 'node:fs'
import { isAppError } from '../domain/errors.ts'
import { isLeaseLost } from '../domain/stop.ts'
import type { HubClient } from '../protocol/client.ts'
import { attemptParams } from './attempt-params.ts'
import type { WorkerContext } from './context.ts'
import { insist, saysLeaseLost } from './patience.ts'
import type { FinalReport } from './report-spool.ts'
import { upload } from './upload.ts'

const TRY_MS = 30_000

type DeliveryContext = Pick<WorkerContext, 'hub' | 'clock' | 'log'>

/**
 * Tells the hub how an attempt ended, after `before` has brought it everything that belongs to
 * it. Repeats until the hub takes it or refuses it, which is the end of it either way.
 */
export async function deliverReport(
  report: FinalReport,
  { hub, clock, log }: DeliveryContext,
  before: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<'taken' | 'refused'> {
  try {
    // Refused too when the hub already has the end: only the end's own answer decides.
    await before().catch(unlessLeaseLost)
    await insist(
      (trying) => tellEnd(report, hub.withToken(report.token), trying),
      { clock, tryMs: TRY_MS },
      signal,
    )
    return 'taken'
  } catch (error) {
    // What was broken off is missing there: the hub, which may not know yet, must not take the end.
    if (isLeaseLost(error)) return 'refused'
    if (!isAppError(error)) throw error
    // Kept and sent again it would be refused again, at every start of this worker.
    if (!saysLeaseLost(error)) log.error({ job: report.jobId, error }, 'final report refused')
    return 'refused'
  }
}

function unlessLeaseLost(error: unknown): void {
  if (!saysLeaseLost(error)) throw error
}

/** Delivers a report that an earlier run of this worker wrote down. */
export async function deliverReportAgain(
  report: FinalReport,
  { hub, clock, log }: DeliveryContext,
  signal: AbortSignal,
): Promise<'taken' | 'refused'> {
  const context = { hub: hub.withToken(report.token), fence: report, clock }
  // A file that is missing was delivered: the folder is removed before the report is.
  const files = report.artifacts.filter(({ file }) => existsSync(file))
  const before = async (): Promise<void> => {
    for (const artifact of files) {
      // The end counts without one that cannot be read or is refused, as in the first run.
      await upload(artifact, 'putArtifact', context, signal).catch((error: unknown) =>
        log.warn({ job: report.jobId, artifact: artifact.name, error }, 'artifact not kept'),
      )
    }
  }
  return deliverReport(report, { hub, clock, log }, before, signal)
}

async function tellEnd(report: FinalReport, hub: HubClient, signal: AbortSignal): Promise<void> {
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
