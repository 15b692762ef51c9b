import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { untilDone } from './until-done.ts'
import { repeat } from './repeat.ts'

const EVERY_MS = 1000

export type ResumeContext = {
  readonly ledger: Pick<Ledger, 'resumeDue'>
  readonly clock: Clock
  readonly log: Logger
}

/** Requeues the paused jobs whose `resumeAt` has passed. */
export async function resumeDue({ ledger, log }: Omit<ResumeContext, 'clock'>): Promise<void> {
  const jobs = await untilDone((limit) => ledger.resumeDue(limit))
  if (jobs > 0) log.info({ jobs }, 'paused jobs resumed')
}

/** Requeues these jobs every second until the signal aborts. */
export const start = (context: ResumeContext, signal: AbortSignal): Promise<void> =>
  repeat(
    () => resumeDue(context),
    { loop: 'resume', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
