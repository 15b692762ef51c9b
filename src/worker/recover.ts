import { join } from 'node:path'
import { allEnded } from '../platform/all-ended.ts'
import { killLeftovers } from '../platform/process-tree.ts'
import { semaphore } from '../platform/semaphore.ts'
import { abandonAttempt } from './abandon-attempt.ts'
import {
  attemptFolder,
  attemptName,
  attemptsFolder,
  fenceOfName,
  leftFolders,
  removeAttemptFolder,
} from './attempt-folder.ts'
import type { WorkerContext } from './context.ts'
import { deliverReportAgain } from './deliver-report.ts'
import { ReportSpool } from './report-spool.ts'
import { uploadLeft } from './salvage.ts'

/**
 * How long to wait for the upload of a dead attempt's work before telling the hub that the attempt
 * has ended, in milliseconds. The next attempt continues from the work if it arrives in time.
 */
const UPLOAD_FIRST_MS = 2000

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
 * without an accepted report. Also tells the hub that these attempts have ended, so that their jobs
 * can be claimed again. Waits while the hub is unreachable. Throws the signal's reason.
 */
export async function recover(
  names: readonly string[],
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const delivered = await deliverReports(context, signal)
  const left = names.filter((name) => !delivered.has(name))
  const late = context.clock.sleep(UPLOAD_FIRST_MS, signal)
  const inTurn = semaphore(1)
  await allEnded(
    left.map(async (name) => {
      const uploaded = inTurn(() => uploadLeft(name, context, signal))
      const abandoned = Promise.race([uploaded, late]).then(() => abandon(name, context, signal))
      await allEnded([uploaded, abandoned])
      // Remove the folder last, because its name is the only record of the attempt on this machine.
      await removeAttemptFolder(join(attemptsFolder(context.folder), name), context)
    }),
  )
}

async function abandon(name: string, context: WorkerContext, signal: AbortSignal): Promise<void> {
  const fence = fenceOfName(name)
  if (fence !== null) await abandonAttempt(fence, context, signal)
}

/**
 * Delivers the spooled reports. Returns the names of the attempts whose reports the hub accepted.
 */
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
