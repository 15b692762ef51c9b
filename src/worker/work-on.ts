import type { WorkKind } from '../domain/attempt.ts'
import { type Fence, fenceOf, type Lease } from '../domain/lease.ts'
import type { Outcome } from '../domain/outcome.ts'
import { Earlier, Work } from '../domain/work.ts'
import { runAttempt } from '../pipeline/run-attempt.ts'
import type { StopOrder } from '../pipeline/stop-order.ts'
import { allEnded } from '../platform/all-ended.ts'
import { isDiskFull } from '../platform/disk-space.ts'
import { killLeftovers } from '../platform/process-tree.ts'
import {
  attemptFolder,
  attemptName,
  makeAttemptFolder,
  removeAttemptFolder,
} from './attempt-folder.ts'
import { AttemptSender } from './attempt-sender.ts'
import type { MeteredDoor, WorkerContext } from './context.ts'
import { deliverReport } from './deliver-report.ts'
import { finalReport } from './final-report.ts'
import type { Lifeline } from './keep-leases/lifeline.ts'
import { ReportSpool } from './report-spool.ts'
import { watchUsage } from './usage-watch.ts'

/** What can stop an attempt from outside. */
export type AttemptControls = {
  readonly stopOrder: StopOrder
  readonly lifeline: Lifeline
  /** Aborts when the worker must exit now. The worker's next start then sends the final report. */
  readonly leaving: AbortSignal
}

/** A lease and what is needed to work on its job. */
type Assignment = {
  readonly lease: Lease
  readonly fence: Fence
  readonly folder: string
  readonly kind: WorkKind
  readonly sender: AttemptSender
  readonly metered: MeteredDoor | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/**
 * Works on a leased job, from creating the attempt's folder to the hub's answer to the final
 * report. Returns `left` if the lease was lost or the hub refused the report; the caller then
 * salvages the folder.
 */
export async function workOn(
  lease: Lease,
  context: WorkerContext,
  controls: AttemptControls,
): Promise<'finished' | 'left'> {
  const { clock, log } = context
  const { stopOrder } = controls
  const fence = fenceOf(lease)
  const hub = context.hub.withToken(lease.token)
  stopOrder.leaseLost.addEventListener('abort', () => void killLeftovers(attemptName(fence), log))
  const facts = { ...fence, kind: lease.job.kind }
  const folder = await makeAttemptFolder(context.folder, facts).catch(nullWhenDiskFull)
  if (folder === null) return await reportNoRoom(lease, context, controls)
  await context.probe('folder-made')
  const kind = kindOf(lease, context)
  const sender = new AttemptSender({ hub, lease, folder, clock, stopOrder })
  const metered = (await context.openDoor?.(fence)) ?? null
  const startedAt = clock.now()
  const work: Assignment = { lease, fence, folder, kind, sender, metered, startedAt }
  const outcome = await runWhileLeased(work, context, controls)
  log.info({ ...fence, outcome: outcome.kind }, 'attempt ended')
  return await reportEnd(work, outcome, context, controls)
}

/** Runs the attempt, and stops it before the hub can give the job to another worker. */
async function runWhileLeased(
  { lease, fence, folder, kind, sender, metered }: Assignment,
  context: WorkerContext,
  { stopOrder, lifeline }: AttemptControls,
): Promise<Outcome> {
  const { clock } = context
  const over = new AbortController()
  const lapse = stopWhenLapsed(lifeline, stopOrder, over.signal)
  const reached = reachedReporter(lease, sender)
  const usage =
    metered === null ? null : watchUsage(metered, { report: sender, reached, clock }, over.signal)
  // If the usage watch fails, the attempt stops. Awaiting `usage` below throws the error.
  usage?.catch(() => stopOrder.stop({ kind: 'lease-lost' }))
  try {
    return await runAttempt(
      kind.run,
      {
        given: {
          // `parse` drops all other fields, because the code of a kind must not see the token.
          work: Work.parse(lease.job),
          earlier: Earlier.parse(lease),
          number: lease.attempt,
          folder,
          report: sender,
          launch: context.launchFor(attemptName(fence)),
          marker: attemptName(fence),
          door: metered?.door ?? null,
          refusal: async () => (await metered?.refusal()) ?? null,
          reached,
        },
        clock,
        log: context.log.child(fence),
        probe: context.probe,
      },
      stopOrder,
    )
  } finally {
    over.abort()
    await Promise.all([lapse, usage])
  }
}

/**
 * Returns a function that reports that this attempt has reached a resource. It reports only
 * resources for which this attempt is the trial, and each of them only once.
 */
function reachedReporter(
  { trials }: Lease,
  report: Pick<AttemptSender, 'tell'>,
): (key: string) => void {
  const left = new Set(trials)
  return (key) => {
    if (left.delete(key)) report.tell({ type: 'reached', key })
  }
}

async function stopWhenLapsed(
  lifeline: Lifeline,
  stopOrder: StopOrder,
  over: AbortSignal,
): Promise<void> {
  await lifeline.end(over)
  if (!over.aborted) stopOrder.stop({ kind: 'lease-lost' })
}

/**
 * Reports the end of an attempt. From here on, an expired lease stops nothing: only calls to the
 * hub remain, and the hub refuses them if another worker has the job.
 */
async function reportEnd(
  { lease, fence, folder, sender, metered, startedAt }: Assignment,
  outcome: Outcome,
  context: WorkerContext,
  { lifeline, leaving }: AttemptControls,
): Promise<'finished' | 'left'> {
  lifeline.retire()
  const usage = (await metered?.close()) ?? null
  sender.endLogs()
  if (outcome.kind === 'lease-lost') return 'left'
  const spool = new ReportSpool(context.folder)
  const report = finalReport({
    lease,
    outcome,
    usage,
    sender,
    startedAt,
    endedAt: context.clock.now(),
  })
  const written = spool
    .write(report)
    .then(() => context.probe('report-written'))
    .catch(unlessDiskFull)
  // `allEnded` waits for the write even if the hub refuses an upload. Otherwise, the write could
  // finish after `forget` below, and the report would remain in the spool.
  const before = (): Promise<unknown> => allEnded([written, sender.flush()])
  const answer = await deliverReport(report, context, before, leaving)
  // The spooled report is removed last. If the worker removed the report first and died before
  // removing the folder, the worker's next start would salvage the folder.
  if (answer === 'accepted') await removeAttemptFolder(folder, context)
  await context.probe('folder-removed')
  await spool.forget(fence)
  return answer === 'accepted' ? 'finished' : 'left'
}

/**
 * Fails a job with `disk-full` because the disk became full after the claim. The job is not handed
 * back, because this worker might claim it again and again. A disk quota would cause this: the free
 * space that the worker checks before a claim does not reflect the quota.
 */
async function reportNoRoom(
  lease: Lease,
  context: WorkerContext,
  { lifeline, leaving }: AttemptControls,
): Promise<'finished'> {
  const fence = fenceOf(lease)
  lifeline.retire()
  context.log.warn(fence, 'disk full; could not create the attempt folder')
  await removeAttemptFolder(attemptFolder(context.folder, fence), context)
  const detail = 'the attempt’s folder could not be created because the worker’s disk is full'
  const settlement = { kind: 'failed', reason: 'disk-full', detail } as const
  const end = { kind: 'settle', settlement } as const
  const report = { ...fence, token: lease.token, end, usage: null, artifacts: [] }
  await deliverReport(report, context, async () => {}, leaving)
  return 'finished'
}

function nullWhenDiskFull(error: unknown): null {
  if (isDiskFull(error)) return null
  throw error
}

/**
 * Ignores a full disk. The report is then sent without being stored, so a later start cannot send
 * it.
 */
function unlessDiskFull(error: unknown): void {
  if (!isDiskFull(error)) throw error
}

function kindOf(lease: Lease, { kinds }: WorkerContext): WorkKind {
  const kind = kinds.get(lease.job.kind)
  if (kind === undefined)
    throw new Error(
      `the hub leased a job of kind ${lease.job.kind}, which this worker did not offer`,
    )
  return kind
}
