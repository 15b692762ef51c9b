import type { LogStream } from '../domain/attempt.ts'
import type { JobEvent } from '../domain/event.ts'
import { systemClock } from '../platform/clock.ts'
import type { Follower } from './follow-job.ts'
import { eventText } from './print/event.ts'
import { inTimeOrder } from './print/in-time-order.ts'
import type { Printer } from './print/printer.ts'
import type { Progress } from './print/progress.ts'
import { zonedMoment } from './print/quantity.ts'
import { lineSplitter, logBlocks } from './print/transcript.ts'

/** How long ago a line that bears no time was written, about: workers gather before they send. */
const LOG_DELAY_MS = 500
/** Characters read at once from which on a log is far behind: holding it back would put nothing in order. */
const FAR_BEHIND = 256 * 1024

/** The log with the job's events between its lines, the log alone, or neither. */
export type Show = 'story' | 'log' | 'nothing'

/** Prints what happens to a job. Disposing lets out what was still held to be put in order. */
export type JobStory = Follower &
  Disposable & {
    /** What happened last and when, as one line; empty before anything was heard. */
    readonly lastSeen: string
  }

/** The first step that finishes after the program's start is the one that ran it. */
const isRunning = ({ from, to }: { readonly from: number; readonly to: number }): boolean =>
  from > 0 && to === Number.POSITIVE_INFINITY

export function jobStory(
  printer: Printer,
  progress: Progress,
  { stream, show }: { readonly stream: LogStream; readonly show: Show },
): JobStory {
  const order = inTimeOrder(systemClock)
  const lines = lineSplitter()
  /** What an agent or a generator printed was written between its start and its end, whenever it arrives. */
  let agent = { from: 0, to: Number.POSITIVE_INFINITY }
  let lastSeen = ''
  const say = (at: number, text: string): void => {
    if (show === 'story') order.add(at, () => progress.above(() => printer.line(text)))
    else progress.above(() => printer.line(text))
  }
  const tell = (whole: readonly string[]): void => {
    const about = Math.min(Math.max(Date.now() - LOG_DELAY_MS, agent.from), agent.to)
    for (const { at, text } of logBlocks(whole, stream, printer)) say(at ?? about, text)
  }
  const onEvent = (event: JobEvent): void => {
    if (event.type === 'ended' || event.type === 'claimed') {
      tell(lines.end())
      order.letOutAll()
    }
    if (event.type === 'agent-started') agent = { from: event.at, to: Number.POSITIVE_INFINITY }
    if (stream === 'output' && event.type === 'step-finished' && isRunning(agent)) {
      agent = { ...agent, to: event.at - 1 }
    }
    lastSeen = `${eventText(event)} (${zonedMoment(event.at)})`
    progress.see(event)
    if (show === 'story') say(event.at, printer.paint('dim', `· ${eventText(event)}`))
  }
  return {
    get lastSeen() {
      return lastSeen
    },
    onEvent,
    onText: async (text) => {
      tell(lines.push(text))
      if (text.length >= FAR_BEHIND) order.letOutAll()
      await printer.drained()
    },
    [Symbol.dispose]: () => order[Symbol.dispose](),
  }
}
