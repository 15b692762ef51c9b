import type { LogStream } from '../domain/attempt.ts'
import type { JobId } from '../domain/id.ts'
import { shortId } from '../domain/id.ts'
import type { Job } from '../domain/job.ts'
import { systemClock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import type { Invocation } from './command.ts'
import { EXIT_CODES, exitCodeOfJob } from './exit-codes.ts'
import { followJob } from './follow-job.ts'
import { eventText } from './print/event.ts'
import { verdictLines } from './print/job.ts'
import type { Printer } from './print/printer.ts'
import { startProgress } from './print/progress.ts'
import { safeText } from './print/safe-text.ts'
import { lineSplitter, logLine } from './print/transcript.ts'
import { listenForStop } from './stop-signals.ts'

/** The log with the job's events between its lines, the log alone, or neither. */
type Show = 'story' | 'log' | 'nothing'

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
  const say = (text: string): void => progress.above(() => printer.line(text))
  const lines = lineSplitter((line) => {
    if (what.show === 'nothing') return
    const text = logLine(line, what.stream, printer)
    if (text !== null) say(text)
  })
  const hub = {
    client,
    clock: systemClock,
    onAway: (error: Error) =>
      progress.above(() =>
        printer.note(`millwright: ${error.message}; waiting for it to come back`),
      ),
  }
  await followJob(
    hub,
    what,
    {
      onText: (text) => lines.push(text),
      onEvent: (event) => {
        if (event.type === 'ended' || event.type === 'claimed') lines.end()
        progress.see(event)
        if (what.show === 'story') say(printer.paint('dim', `· ${eventText(event)}`))
      },
    },
    stop.inOrder,
  )
  if (stop.inOrder.aborted) {
    progress.above(() =>
      printer.note(`The job goes on. See it with: millwright logs -f ${shortId(what.job)}`),
    )
    invocation.end(EXIT_CODES.interrupted.code)
    return null
  }
  const job = await client.call('getJob', { params: { job: what.job } })
  invocation.end(exitCodeOfJob(job))
  return job
}

/** The last lines of a watched job. */
export function printVerdict(job: Job, printer: Printer): void {
  for (const line of verdictLines(job, printer.paint)) printer.line(line)
  if (job.detail !== '') printer.line(`  ${safeText(job.detail)}`)
}
