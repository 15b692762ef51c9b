import type { LogStream } from '../domain/attempt.ts'
import type { JobEvent } from '../domain/event.ts'
import { eventText } from '../words/event.ts'
import { zonedMoment } from '../words/quantity.ts'
import { lineSplitter } from '../words/transcript.ts'
import type { Follower } from '../protocol/follow-job.ts'
import { logText } from './print/log-text.ts'
import type { Printer } from './print/printer.ts'
import type { Progress } from './print/progress.ts'

/** What to print: the log with the job's events between its lines, only the log, or nothing. */
export type Show = 'story' | 'log' | 'nothing'

/** Prints a job's events and its log as they arrive. */
export type JobStory = Follower & {
  /** The last event and its time, in one line; empty before the first event. */
  readonly lastSeen: string
}

export function jobStory(
  printer: Printer,
  progress: Progress,
  { stream, show }: { readonly stream: LogStream; readonly show: Show },
): JobStory {
  const lines = lineSplitter()
  let lastSeen = ''
  const say = (text: string | null): void => {
    if (text !== null) progress.above(() => printer.line(text))
  }
  return {
    get lastSeen() {
      return lastSeen
    },
    onEvent: (event: JobEvent) => {
      // The attempt's log is complete. If its last line has no newline, that line has not been
      // printed yet.
      if (event.type === 'ended' || event.type === 'paused' || event.type === 'claimed') {
        say(logText(lines.end(), stream, printer))
      }
      lastSeen = `${eventText(event)} (${zonedMoment(event.at)})`
      progress.see(event)
      if (show === 'story') say(printer.paint('dim', `· ${eventText(event)}`))
    },
    onText: async (text) => {
      say(logText(lines.push(text), stream, printer))
      await printer.drained()
    },
  }
}
