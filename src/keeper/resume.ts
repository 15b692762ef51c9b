import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { inBatches } from './batches.ts'
import { takeTurns } from './turns.ts'

const EVERY_MS = 1000

export type ResumeContext = {
  readonly ledger: Pick<Ledger, 'resumeDue'>
  readonly clock: Clock
  readonly log: Logger
}

/** Queues jobs whose pause is over. */
export async function runOnce({ ledger, log }: Omit<ResumeContext, 'clock'>): Promise<void> {
  const jobs = await inBatches((limit) => ledger.resumeDue(limit))
  if (jobs > 0) log.info({ jobs }, 'paused jobs resumed')
}

/** Looks every second until the signal aborts. */
export const start = (context: ResumeContext, signal: AbortSignal): Promise<void> =>
  takeTurns(
    () => runOnce(context),
    { loop: 'resume', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
