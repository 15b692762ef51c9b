import type { LogStream } from '../domain/attempt.ts'
import type { JobId } from '../domain/id.ts'
import { shortId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { systemClock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import type { Invocation } from './command.ts'
import { EXIT_CODES, exitCodeOfJob } from './exit-codes.ts'
import { followJob } from '../protocol/follow-job.ts'
import { notedOutage } from './noted-outage.ts'
import { jobStory, type Show } from './job-story.ts'
import { readNextStep } from './next-step.ts'
import { detailLines, verdictLines } from './print/job.ts'
import type { Printer } from './print/printer.ts'
import { startProgress } from './print/progress.ts'
import { usage, zonedMoment } from '../words/quantity.ts'
import { listenForStop } from './stop-signals.ts'

/**
 * Shows a job live until it ends, and sets the exit code according to its outcome. An interrupt
 * stops this command but not the job. Returns the job; null after an interrupt.
 */
export async function watchJob(
  invocation: Invocation,
  client: HubClient,
  printer: Printer,
  what: {
    readonly job: JobId
    readonly stream: LogStream
    /** Shows only the log of this attempt; if absent, the logs of all attempts. */
    readonly attempt?: number | undefined
    readonly show: Show
    /** What to print after an interrupt; by default, how to watch the job again. */
    readonly interrupted?: string
  },
): Promise<Job | null> {
  using stop = listenForStop()
  using progress = startProgress(printer, invocation.terminal, systemClock)
  const story = jobStory(printer, progress, what)
  const note = (text: string): void => progress.above(() => printer.note(text))
  const outage = notedOutage(note)
  await followJob(
    { client, clock: systemClock, outage },
    what.show === 'nothing' ? { ...what, stream: null } : what,
    story,
    stop.graceful,
  )
  if (stop.graceful.aborted) {
    const watch = printer.command(['logs', '-f', shortId(what.job)])
    note(what.interrupted ?? `${whatIsKnown(outage.since, story.lastSeen)}: ${watch}`)
    invocation.end(EXIT_CODES.interrupted.code)
    return null
  }
  const job = await client.call('getJob', { params: { job: what.job } })
  invocation.end(exitCodeOfJob(job))
  return job
}

/**
 * Text for an interrupt: what is known about the job. During a hub outage, that is only the job's
 * last event.
 */
function whatIsKnown(outageSince: number | null, lastSeen: string): string {
  if (outageSince === null) return 'The job continues. Watch it with'
  const seen = lastSeen === '' ? '' : ` (last seen: ${lastSeen})`
  return (
    `The job was accepted${seen}. The hub has been unreachable since ${zonedMoment(outageSince)}. ` +
    'Once it answers again, watch the job with'
  )
}

/** Prints the job's final state, the next step, the details and the usage. */
export async function printVerdict(client: HubClient, job: Job, printer: Printer): Promise<void> {
  const next = await readNextStep(client, job)
  for (const line of verdictLines(job, next, printer)) printer.line(line)
  for (const line of detailLines(job, false)) printer.line(line)
  if (job.usage !== null && job.usage.requests > 0) printer.line(`  used ${usage(job.usage)}`)
}
