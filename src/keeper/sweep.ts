import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { untilDone } from './until-done.ts'
import { repeat } from './repeat.ts'

const EVERY_MS = 1000

export type SweepContext = {
  readonly ledger: Pick<Ledger, 'expire'>
  readonly clock: Clock
  readonly log: Logger
}

/** Ends attempts whose lease has expired. */
export async function sweepExpired({
  ledger,
  log,
}: Pick<SweepContext, 'ledger' | 'log'>): Promise<void> {
  const attempts = await untilDone((limit) => ledger.expire(limit))
  if (attempts > 0)
    log.info({ attempts }, 'the leases of attempts expired, so the attempts were ended')
}

/** Ends expired attempts every second until the signal aborts. */
export const start = (context: SweepContext, signal: AbortSignal): Promise<void> =>
  repeat(
    () => sweepExpired(context),
    { loop: 'sweep', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
