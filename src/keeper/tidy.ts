import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { untilDone } from './until-done.ts'
import { repeat } from './repeat.ts'

const EVERY_MS = 10_000
/** Older temporary files are orphans: the hub aborts a stalled upload much earlier. */
const TEMP_AGE_MS = 3_600_000

export type TidyContext = {
  readonly ledger: Pick<Ledger, 'tidyLocks'>
  /** Stores whose temporary files a crash can leave behind. */
  readonly stores: readonly { sweepTemp(before: number): Promise<number> }[]
  readonly clock: Clock
  readonly log: Logger
}

/** Releases lock keys of jobs paused for too long and removes orphaned files. */
export async function tidyLocksAndFiles({
  ledger,
  stores,
  clock,
  log,
}: TidyContext): Promise<void> {
  const jobs = await untilDone((limit) => ledger.tidyLocks(limit))
  if (jobs > 0) log.info({ jobs }, 'lock keys of paused jobs released')
  for (const store of stores) {
    const files = await store.sweepTemp(clock.now() - TEMP_AGE_MS)
    if (files > 0) log.info({ files }, 'orphaned files removed')
  }
}

/** Tidies every ten seconds until the signal aborts. */
export const start = (context: TidyContext, signal: AbortSignal): Promise<void> =>
  repeat(
    () => tidyLocksAndFiles(context),
    { loop: 'tidy', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
