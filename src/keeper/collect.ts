import type { Collecting, Found } from '../artifacts/collect.ts'
import type { Collected, Collection } from '../domain/collection.ts'
import { JobId } from '../domain/id.ts'
import type { Probe } from '../domain/probe.ts'
import type { Ledger, Unneeded } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { takeTurns } from './turns.ts'

const EVERY_MS = 3_600_000
/** After the start, so that a wrong setting or an old backup can be seen with a dry run before. */
const FIRST_MS = 600_000
const DAY_MS = 86_400_000
/** A file so young may have been stored a moment before its row is written. */
const GRACE_MS = DAY_MS
/** Jobs deleted in one transaction, each with all its events. */
const JOBS_AT_ONCE = 20

/** How long things are kept, in days; 0 keeps them for ever. */
export type Retention = { readonly keepJobs: number; readonly keepLogs: number }

type Store = { collect(collecting: Collecting): Promise<Found> }

export type CollectContext = {
  readonly ledger: Pick<Ledger, 'unneeded' | 'forget' | 'referenced' | 'endings'>
  readonly artifacts: Store
  readonly logs: Store
  readonly retention: Retention
  /** Whether a backup reads the store at this moment. */
  readonly isBackedUp: () => Promise<boolean>
  readonly clock: Clock
  readonly log: Logger
  readonly probe: Probe
}

/**
 * Forgets jobs, tokens and workers that nobody has needed for long, then removes logs and
 * artifacts that nothing refers to any more. A dry run says what would go, and removes nothing.
 */
export async function collect(
  context: CollectContext,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<Collection> {
  const rows = await collectRows(context, dryRun, signal)
  const heldUp = await context.isBackedUp()
  const files = heldUp && !dryRun ? [] : await collectFiles(context, dryRun, signal)
  return { dryRun, heldUp, items: [...rows, ...files] }
}

async function collectRows(
  { ledger, retention, clock }: CollectContext,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<readonly Collected[]> {
  if (retention.keepJobs === 0) return []
  const before = clock.now() - retention.keepJobs * DAY_MS
  const gone = dryRun ? await ledger.unneeded(before) : await forgetAll(ledger, before, signal)
  const since = `more than ${days(retention.keepJobs)} ago (keepJobs)`
  const row = (what: keyof Unneeded, why: string): Collected => ({
    what,
    count: gone[what],
    bytes: null,
    why: `${why} ${since}`,
    examples: [],
  })
  return [
    row('jobs', 'ended'),
    row('tokens', 'revoked or expired'),
    row('workers', 'last heard of'),
  ]
}

async function forgetAll(
  ledger: Pick<Ledger, 'forget'>,
  before: number,
  signal: AbortSignal,
): Promise<Unneeded> {
  const total = { jobs: 0, tokens: 0, workers: 0 }
  for (;;) {
    const { jobs, tokens, workers } = await ledger.forget(before, JOBS_AT_ONCE)
    total.jobs += jobs
    total.tokens += tokens
    total.workers += workers
    if (jobs < JOBS_AT_ONCE || signal.aborted) return total
  }
}

async function collectFiles(
  { ledger, artifacts, logs, retention, isBackedUp, clock, probe }: CollectContext,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<readonly Collected[]> {
  const { keepJobs, keepLogs } = retention
  const now = clock.now()
  const mayGoOn = async (): Promise<boolean> => !signal.aborted && (dryRun || !(await isBackedUp()))
  const shared = { before: now - GRACE_MS, dryRun, mayGoOn }
  const logsBefore = keepLogs === 0 ? 0 : now - keepLogs * DAY_MS
  // In a dry run the rows are still there.
  const jobsBefore = dryRun && keepJobs !== 0 ? now - keepJobs * DAY_MS : null

  const oldLogs = await logs.collect({
    ...shared,
    needed: async (names) => {
      const endings = await ledger.endings(names.map((name) => JobId.parse(name)))
      await probe('collecting')
      return new Set([...endings].flatMap(([id, at]) => ((at ?? now) < logsBefore ? [] : [id])))
    },
  })
  const unreferenced = await artifacts.collect({
    ...shared,
    needed: async (digests) => {
      const referenced = await ledger.referenced(digests, jobsBefore)
      await probe('collecting')
      return referenced
    },
  })
  return [
    { what: 'logs', ...oldLogs, why: whyLogs(keepLogs) },
    { what: 'artifacts', ...unreferenced, why: 'no job refers to them, older than a day' },
  ]
}

const whyLogs = (keepLogs: number): string =>
  keepLogs === 0
    ? 'of jobs that are gone'
    : `of jobs that are gone or ended more than ${days(keepLogs)} ago (keepLogs)`

const days = (count: number): string => (count === 1 ? 'a day' : `${count} days`)

/** Collects ten minutes from now and then every hour, until the signal aborts. */
export async function start(context: CollectContext, signal: AbortSignal): Promise<void> {
  await context.clock.sleep(FIRST_MS, signal)
  await takeTurns(
    async () => {
      const { items } = await collect(context, false, signal)
      const removed = items.filter(({ count }) => count > 0)
      if (removed.length > 0) context.log.info({ removed }, 'collected')
    },
    { loop: 'collect', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
}
