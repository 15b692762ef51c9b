import type { LogStream } from '../domain/attempt.ts'
import type { JobId } from '../domain/id.ts'
import { shortId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { systemClock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import type { Invocation } from './command.ts'
import { EXIT_CODES, exitCodeOfJob } from './exit-codes.ts'
import { followJob } from './follow-job.ts'
import { hubAway } from './hub-away.ts'
import { jobStory, type Show } from './job-story.ts'
import { verdictLines } from './print/job.ts'
import type { Printer } from './print/printer.ts'
import { startProgress } from './print/progress.ts'
import { duration, usage, zonedMoment } from '../words/quantity.ts'
import { safeText } from '../words/safe-text.ts'
import { listenForStop } from './stop-signals.ts'

/**
 * Shows a job live until it ends and sets the exit code by its outcome. An interrupt ends the
 * watching, never the job.
 */
export async function watchJob(
  invocation: Invocation,
  client: HubClient,
  printer: Printer,
  what: {
    readonly job: JobId
    readonly stream: LogStream
    /** Only this attempt’s log; absent: those of all. */
    readonly attempt?: number | undefined
    readonly show: Show
  },
): Promise<Job | null> {
  using stop = listenForStop()
  using progress = startProgress(printer, invocation.terminal, systemClock)
  const story = jobStory(printer, progress, what)
  const note = (text: string): void => progress.above(() => printer.note(text))
  const away = hubAway(systemClock, (error, awayMs) => {
    const since = awayMs < 1000 ? '' : ` for ${duration(awayMs)}`
    note(`millwright: ${error.message}; waiting${since} for it to come back`)
  })
  await followJob(
    { client, clock: systemClock, away },
    what.show === 'nothing' ? { ...what, stream: null } : what,
    story,
    stop.inOrder,
  )
  if (stop.inOrder.aborted) {
    const look = printer.command(['logs', '-f', shortId(what.job)])
    note(`${howItStands(away.since, story.lastSeen)}: ${look}`)
    invocation.end(EXIT_CODES.interrupted.code)
    return null
  }
  const job = await client.call('getJob', { params: { job: what.job } })
  invocation.end(exitCodeOfJob(job))
  return job
}

/** What is known of the job; while the hub is unreachable that is the last event. */
function howItStands(awaySince: number | null, lastSeen: string): string {
  if (awaySince === null) return 'The job continues. See it with'
  const seen = lastSeen === '' ? '' : `, last seen: ${lastSeen}`
  return (
    `The job was accepted${seen}. The hub has been unreachable since ${zonedMoment(awaySince)}. ` +
    'Once it answers again, see the job with'
  )
}

/** The last lines of a watched job. */
export function printVerdict(job: Job, printer: Printer): void {
  for (const line of verdictLines(job, printer)) printer.line(line)
  if (job.detail !== '') printer.line(`  ${safeText(job.detail)}`)
  if (job.usage !== null) printer.line(`  used ${usage(job.usage)}`)
}
