import type { Deleted, Deletion } from '../artifacts/delete-unneeded.ts'
import type { GarbageItem, GarbageReport } from '../domain/garbage.ts'
import { JobId } from '../domain/id.ts'
import type { Probe } from '../domain/probe.ts'
import type { Cutoffs, Ledger, Unneeded } from '../ledger/port.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/log.ts'
import { repeat } from './repeat.ts'

const EVERY_MS = 3_600_000
/**
 * Delay between startup and the first run. It gives the operator time for a dry run before anything
 * is deleted. The dry run can reveal a wrong setting, or that an outdated backup was restored.
 */
const FIRST_MS = 600_000
const DAY_MS = 86_400_000
/**
 * Minimum age of the files and uploads to delete. A younger file may not have its ledger row yet. A
 * younger upload may belong to a job that has not been submitted yet.
 */
const GRACE_MS = DAY_MS
/**
 * Maximum number of jobs deleted per transaction. It is small, because all events of a job are
 * deleted in the same transaction.
 */
const JOBS_AT_ONCE = 20
/** Maximum number of uploads checked per transaction. */
const UPLOADS_AT_ONCE = 200

/** How many days to keep jobs and logs after a job has ended; 0 keeps them forever. */
export type Retention = { readonly keepJobs: number; readonly keepLogs: number }

type Store = { deleteUnneeded(deletion: Deletion): Promise<Deleted> }

export type GarbageContext = {
  readonly ledger: Pick<
    Ledger,
    'unneeded' | 'unneededBlobs' | 'forget' | 'forgetBlobs' | 'referenced' | 'endings'
  >
  readonly artifacts: Store
  readonly logs: Store
  readonly retention: Retention
  /** Whether a backup is reading the artifacts and logs now. */
  readonly isBackedUp: () => Promise<boolean>
  readonly clock: Clock
  readonly log: Logger
  readonly probe: Probe
}

/**
 * Deletes old jobs, tokens, workers and uploads from the ledger, then old logs and the artifact
 * files that no ledger row refers to. While a backup is running, deletes ledger rows but no files.
 * A dry run reports what would be deleted and deletes nothing.
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
  const counts = await (dryRun ? countAll : forgetAll)(ledger, before, signal)
  const row = (what: keyof Unneeded, why: string): GarbageItem => ({
    what,
    count: counts[what],
    bytes: null,
    why,
    examples: [],
  })
  const uploads = row('uploads', 'older than a day, and no job uses them as inputs')
  if (retention.keepJobs === 0) return [uploads]
  const since = `more than ${days(retention.keepJobs)} ago (keepJobs)`
  return [
    row('jobs', `ended ${since}`),
    row('tokens', `revoked or expired ${since}`),
    row('workers', `last seen ${since}`),
    uploads,
  ]
}

/** A cutoff of 0 keeps jobs forever, because no job ended before 1970. */
const cutoffs = ({ keepJobs }: Retention, now: number): Cutoffs => ({
  jobs: keepJobs === 0 ? 0 : now - keepJobs * DAY_MS,
  uploads: now - GRACE_MS,
})

/** Counts what `forgetAll` would delete. */
async function countAll(
  ledger: Pick<Ledger, 'unneeded' | 'unneededBlobs'>,
  before: Cutoffs,
  signal: AbortSignal,
): Promise<Unneeded> {
  const total = { ...(await ledger.unneeded(before.jobs)), uploads: 0 }
  for (let after: string | null = ''; after !== null && !signal.aborted;) {
    const page = await ledger.unneededBlobs(before, { after, limit: UPLOADS_AT_ONCE })
    total.uploads += page.count
    after = page.last
  }
  return total
}

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
  // In a real run, the old rows are already deleted at this point. In a dry run they still exist,
  // so the query must ignore them.
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
      why: 'older than a day, and no job or upload refers to them',
    },
  ]
}

const whyLogs = (keepLogs: number): string =>
  keepLogs === 0
    ? 'of deleted jobs'
    : `of deleted jobs, or of jobs that ended more than ${days(keepLogs)} ago (keepLogs)`

const days = (count: number): string => (count === 1 ? 'a day' : `${count} days`)

/**
 * Collects garbage ten minutes after the hub starts and then every hour, until the signal aborts.
 */
export async function start(context: GarbageContext, signal: AbortSignal): Promise<void> {
  await context.clock.sleep(FIRST_MS, signal)
  await repeat(
    async () => {
      const { items } = await collectGarbage(context, false, signal)
      const removed = items.filter(({ count }) => count > 0)
      if (removed.length > 0) context.log.info({ removed }, 'garbage collected')
    },
    { loop: 'collect', everyMs: EVERY_MS, clock: context.clock, log: context.log },
    signal,
  )
}
