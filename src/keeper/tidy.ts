import type { Ledger } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { untilDone } from './until-done.ts'
import { repeat } from './repeat.ts'

const EVERY_MS = 10_000
/**
 * Minimum age of the temporary files to remove. No upload is still writing to a file this old,
 * because the hub aborts a stalled upload much earlier.
 */
const TEMP_AGE_MS = 3_600_000
/** Maximum number of waiting jobs that one log line names. */
const STRANDED_MAX = 10

export type TidyContext = {
  readonly ledger: Pick<Ledger, 'tidyLocks' | 'strandedJobs'>
  /** Stores in which a crash can leave temporary files behind. */
  readonly stores: readonly { sweepTemp(before: number): Promise<number> }[]
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Releases the lock keys of jobs that have been paused for too long, removes orphaned temporary
 * files, and logs a warning if jobs wait for a lock key that no job holds. Does not wake these
 * waiting jobs: only manual changes to the database or a bug can strand them, and `millwright
 * doctor` says what to do.
 */
export async function tidyLocksAndFiles({
  ledger,
  stores,
  clock,
  log,
}: TidyContext): Promise<void> {
  const jobs = await untilDone((limit) => ledger.tidyLocks(limit))
  if (jobs > 0) log.info({ jobs }, 'released the lock keys of jobs that were paused for too long')
  const stranded = await ledger.strandedJobs(STRANDED_MAX)
  if (stranded.length > 0) log.warn({ stranded }, 'jobs wait for locks that no job holds')
  for (const store of stores) {
    const files = await store.sweepTemp(clock.now() - TEMP_AGE_MS)
    if (files > 0) log.info({ files }, 'removed orphaned temporary files')
  }
}

/** Tidies every ten seconds until the signal aborts. */
export const start = (context: TidyContext, signal: AbortSignal): Promise<void> =>
  repeat(
    () => tidyLocksAndFiles(context),
    { loop: 'tidy', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
