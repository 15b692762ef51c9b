import { killLeftovers } from '../platform/process-tree.ts'
import { attemptFolder, attemptName, leftFolders, removeAttemptFolder } from './attempt-folder.ts'
import type { WorkerContext } from './context.ts'
import { deliverReportAgain } from './deliver-report.ts'
import { ReportSpool } from './report-spool.ts'
import { salvage } from './salvage.ts'

/**
 * Kills processes that an earlier run of this worker left behind. Removes final reports that the
 * earlier run wrote only in part. Returns the names of the attempts whose folders still exist.
 */
export async function endLeftovers({ folder, log }: WorkerContext): Promise<readonly string[]> {
  await new ReportSpool(folder).removePartial()
  const names = await leftFolders(folder)
  for (const name of names) {
    const ended = await killLeftovers(name, log)
    if (ended > 0) log.warn({ attempt: name, processes: ended }, 'leftover processes killed')
  }
  return names
}

/**
 * Sends what an earlier run could not send: its final reports, unchanged, and the files of attempts
 * without an accepted report. Waits while the hub is unreachable. Throws the signal's reason.
 */
export async function recover(
  names: readonly string[],
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const delivered = await deliverReports(context, signal)
  for (const name of names) {
    if (!delivered.has(name)) await salvage(name, context, signal)
  }
}

/** Delivers the spooled reports. Returns the names of the attempts whose reports the hub accepted. */
async function deliverReports(
  context: WorkerContext,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { folder, log } = context
  const spool = new ReportSpool(folder)
  const accepted = new Set<string>()
  for (const report of await spool.unsent()) {
    const name = attemptName(report)
    const answer = await deliverReportAgain(report, context, signal)
    log.info({ attempt: name, answer }, 'the hub answered the final report of an earlier run')
    if (answer === 'accepted') {
      await removeAttemptFolder(attemptFolder(folder, report), context)
      accepted.add(name)
    }
    await spool.forget(report)
  }
  return accepted
}
