import { killLeftovers } from '../platform/process-tree.ts'
import { attemptFolder, attemptName, leftFolders, removeAttemptFolder } from './attempt-folder.ts'
import type { WorkerContext } from './context.ts'
import { deliverReportAgain } from './deliver-report.ts'
import { ReportSpool } from './report-spool.ts'
import { salvage } from './salvage.ts'

/**
 * Ends what an earlier run of this worker left running, and removes what it left half written;
 * answers the names of its attempts.
 */
export async function endLeftovers({ folder, log }: WorkerContext): Promise<readonly string[]> {
  await new ReportSpool(folder).removeHalves()
  const names = await leftFolders(folder)
  for (const name of names) {
    const ended = await killLeftovers(name, log)
    if (ended > 0) log.warn({ attempt: name, processes: ended }, 'leftover processes ended')
  }
  return names
}

/**
 * Says what an earlier run could no longer say: its final reports, word for word, and the work of
 * attempts that have none. Waits for a hub that is away; throws the signal's reason.
 */
export async function recover(
  names: readonly string[],
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const told = await tellReports(context, signal)
  for (const name of names) {
    if (!told.has(name)) await salvage(name, context, signal)
  }
}

/** Delivers the reports in the spool; answers the names of the attempts whose folder is done with. */
async function tellReports(
  context: WorkerContext,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { folder, log } = context
  const spool = new ReportSpool(folder)
  const told = new Set<string>()
  for (const report of await spool.unsent()) {
    const name = attemptName(report)
    const answer = await deliverReportAgain(report, context, signal)
    log.info({ attempt: name, answer }, 'report of an earlier run delivered')
    if (answer === 'taken') {
      await removeAttemptFolder(attemptFolder(folder, report), context)
      told.add(name)
    }
    await spool.forget(report)
  }
  return told
}
