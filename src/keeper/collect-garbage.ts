import type { Deleted, Deletion } from '../artifacts/delete-unneeded.ts'
import type { GarbageItem, GarbageReport } from '../domain/garbage.ts'
import { JobId } from '../domain/id.ts'
import type { Probe } from '../domain/probe.ts'
import type { Cutoffs, Ledger, Unneeded } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { repeat } from './repeat.ts'

const EVERY_MS = 3_600_000
/** After the start, so that a wrong setting or an old backup can be seen with a dry run before. */
const FIRST_MS = 600_000
const DAY_MS = 86_400_000
/** So young, the row of a file may not be written yet, and an upload may still be named. */
const GRACE_MS = DAY_MS
/** Jobs deleted in one transaction, each with all its events. */
const JOBS_AT_ONCE = 20
/** Uploads looked at in one transaction. */
const UPLOADS_AT_ONCE = 200

/** How long things are kept, in days; 0 keeps them for ever. */
export type Retention = { readonly keepJobs: number; readonly keepLogs: number }

type Store = { deleteUnneeded(deletion: Deletion): Promise<Deleted> }

export type GarbageContext = {
  readonly ledger: Pick<Ledger, 'unneeded' | 'forget' | 'forgetBlobs' | 'referenced' | 'endings'>
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
 * Forgets jobs, tokens, workers and uploads that nobody has needed for long, then removes logs and
 * artifacts that nothing refers to any more. A dry run says what would go, and removes nothing.
 */
export async function collectGarbage(
  context: GarbageContext,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<GarbageReport> {
  const rows = await forgetRows(context, dryRun, signal)
  const heldUp = await context.isBackedUp()
  const files = heldUp && !dryRun ? [] : await deleteFiles(context, dryRun, signal)
  return { dryRun, heldUp, items: [...rows, ...files] }
}

async function forgetRows(
  { ledger, retention, clock }: GarbageContext,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<readonly GarbageItem[]> {
  const before = cutoffs(retention, clock.now())
  const gone = dryRun ? await ledger.unneeded(before) : await forgetAll(ledger, before, signal)
  const row = (what: keyof Unneeded, why: string): GarbageItem => ({
    what,
    count: gone[what],
    bytes: null,
    why,
    examples: [],
  })
  const uploads = row('uploads', 'no job names them, older than a day')
  if (retention.keepJobs === 0) return [uploads]
  const since = `more than ${days(retention.keepJobs)} ago (keepJobs)`
  return [
    row('jobs', `ended ${since}`),
    row('tokens', `revoked or expired ${since}`),
    row('workers', `last heard of ${since}`),
    uploads,
  ]
}

/** What is kept for ever was never over before the epoch. */
const cutoffs = ({ keepJobs }: Retention, now: number): Cutoffs => ({
  jobs: keepJobs === 0 ? 0 : now - keepJobs * DAY_MS,
  uploads: now - GRACE_MS,
})

async function forgetAll(
  ledger: Pick<Ledger, 'forget' | 'forgetBlobs'>,
  before: Cutoffs,
  signal: AbortSignal,
): Promise<Unneeded> {
  const total = { jobs: 0, tokens: 0, workers: 0, uploads: 0 }
  for (;;) {
    const { jobs, tokens, workers } = await ledger.forget(before.jobs, JOBS_AT_ONCE)
    total.jobs += jobs
    total.tokens += tokens
    total.workers += workers
    if (jobs < JOBS_AT_ONCE || signal.aborted) break
  }
  for (let after: string | null = ''; after !== null && !signal.aborted;) {
    const page = await ledger.forgetBlobs(before.uploads, { after, limit: UPLOADS_AT_ONCE })
    total.uploads += page.forgotten
    after = page.last
  }
  return total
}

async function deleteFiles(
  { ledger, artifacts, logs, retention, isBackedUp, clock, probe }: GarbageContext,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<readonly GarbageItem[]> {
  const { keepLogs } = retention
  const now = clock.now()
  const mayContinue = async (): Promise<boolean> =>
    !signal.aborted && (dryRun || !(await isBackedUp()))
  const shared = { before: now - GRACE_MS, dryRun, mayContinue }
  const logsBefore = keepLogs === 0 ? 0 : now - keepLogs * DAY_MS
  // In a dry run the rows are still there.
  const rowsBefore = dryRun ? cutoffs(retention, now) : null

  const oldLogs = await logs.deleteUnneeded({
    ...shared,
    needed: async (names) => {
      const endings = await ledger.endings(names.map((name) => JobId.parse(name)))
      await probe('collecting')
      return new Set([...endings].flatMap(([id, at]) => ((at ?? now) < logsBefore ? [] : [id])))
    },
  })
  const unreferenced = await artifacts.deleteUnneeded({
    ...shared,
    needed: async (digests) => {
      const referenced = await ledger.referenced(digests, rowsBefore)
      await probe('collecting')
      return referenced
    },
  })
  return [
    { what: 'logs', ...oldLogs, why: whyLogs(keepLogs) },
    {
      what: 'artifacts',
      ...unreferenced,
      why: 'no job or upload refers to them, older than a day',
    },
  ]
}

const whyLogs = (keepLogs: number): string =>
  keepLogs === 0
    ? 'of jobs that are gone'
    : `of jobs that are gone or ended more than ${days(keepLogs)} ago (keepLogs)`

const days = (count: number): string => (count === 1 ? 'a day' : `${count} days`)

/** Collects ten minutes from now and then every hour, until the signal aborts. */
export async function start(context: GarbageContext, signal: AbortSignal): Promise<void> {
  await context.clock.sleep(FIRST_MS, signal)
  await repeat(
    async () => {
      const { items } = await collectGarbage(context, false, signal)
      const removed = items.filter(({ count }) => count > 0)
      if (removed.length > 0) context.log.info({ removed }, 'collected')
    },
    { loop: 'collect', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
}
