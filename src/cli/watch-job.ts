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
import { inTimeOrder } from './print/in-time-order.ts'
import { startProgress } from './print/progress.ts'
import { usage } from './print/quantity.ts'
import { safeText } from './print/safe-text.ts'
import { lineSplitter, logBlocks } from './print/transcript.ts'
import { listenForStop } from './stop-signals.ts'

/** How long ago a line that bears no time was written, about: workers gather before they send. */
const LOG_DELAY_MS = 500
/** Characters read at once from which on a log is far behind: holding it back would put nothing in order. */
const FAR_BEHIND = 256 * 1024

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
  using order = inTimeOrder(systemClock)
  const say = (at: number, text: string): void => {
    if (what.show === 'story') order.add(at, () => progress.above(() => printer.line(text)))
    else progress.above(() => printer.line(text))
  }
  let agentAt = 0
  const lines = lineSplitter()
  const tell = (whole: readonly string[]): void => {
    const about = Math.max(Date.now() - LOG_DELAY_MS, agentAt)
    for (const { at, text } of logBlocks(whole, what.stream, printer)) say(at ?? about, text)
  }
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
    what.show === 'nothing' ? { ...what, stream: null } : what,
    {
      onText: async (text) => {
        tell(lines.push(text))
        if (text.length >= FAR_BEHIND) order.letOutAll()
        await printer.drained()
      },
      onEvent: (event) => {
        if (event.type === 'ended' || event.type === 'claimed') {
          tell(lines.end())
          order.letOutAll()
        }
        if (event.type === 'agent-started') agentAt = event.at
        progress.see(event)
        if (what.show === 'story') {
          say(event.at, printer.paint('dim', `· ${eventText(event)}`))
        }
      },
    },
    stop.inOrder,
  )
  if (stop.inOrder.aborted) {
    progress.above(() =>
      printer.note(
        printer.hint(`The job goes on. See it with: millwright logs -f ${shortId(what.job)}`),
      ),
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
  for (const line of verdictLines(job, printer)) printer.line(line)
  if (job.detail !== '') printer.line(`  ${safeText(job.detail)}`)
  if (job.usage !== null) printer.line(`  used ${usage(job.usage)}`)
}
