import { type CommandLine, type Hint, hint } from '../domain/hint.ts'
import type { Job } from '../domain/job.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import { laneOf, permits } from '../domain/lane.ts'
import { matches } from '../domain/offer.ts'
import { zonedMoment } from './quantity.ts'
import { safeLine } from './safe-text.ts'

/**
 * An idle worker asks again within 30 s, and the hub notes it when the last note is 10 s old: one
 * that was not seen for longer than both is gone.
 */
const AWAY_MS = 45_000

/** A worker, as the hub saw it last. */
export type Seen = WorkerIdentity & {
  /** What its token is restricted to; null for nothing. */
  readonly restrictedTo: readonly string[] | null
  /** When it last asked, in milliseconds since the epoch. */
  readonly seenAt: number
  readonly running: number
}

/** Whether a worker is gone. One with a running attempt is not before its lease has run out. */
export const isAway = ({ seenAt, running }: Pick<Seen, 'seenAt' | 'running'>, now: number) =>
  running === 0 && now - seenAt > AWAY_MS

/** Why a job that could run does not, as far as the job itself says; null when it does not say. */
export function whyHeldBack(job: Job): string | null {
  if (job.endedAt !== null) return null
  if (job.cancelRequestedAt !== null) return 'cancel requested'
  if (job.parkedOn !== null) return `for the lock ${safeLine(job.parkedOn)}`
  if (job.notBefore !== null && job.state === 'queued') return `until ${zonedMoment(job.notBefore)}`
  return job.resumeAt !== null && job.state === 'paused'
    ? `until ${zonedMoment(job.resumeAt)}`
    : null
}

/** Why a job that is ready has not been claimed, as far as the workers at hand can tell. */
export function whyNotTaken(job: Job, workers: readonly Seen[], now: number): Hint {
  const { able, lacking } = whoIsAble(job, workers, now)
  return lacking ?? hint(`for a free slot of ${able} worker${able === 1 ? '' : 's'}`)
}

/** Why none of the workers at hand can claim a job; null when one can. */
export const whyNoWorker = (job: Job, workers: readonly Seen[], now: number): Hint | null =>
  whoIsAble(job, workers, now).lacking

/** How many workers could claim a job, and what is lacking when none could. */
function whoIsAble(
  job: Job,
  workers: readonly Seen[],
  now: number,
): { readonly able: number; readonly lacking: Hint | null } {
  const there = workers.filter((worker) => !isAway(worker, now))
  if (there.length === 0) return none('no worker asks for work; start one', ['worker'])
  const ofKind = there.filter(({ kinds }) => kinds.includes(job.kind))
  if (ofKind.length === 0) return none(`no worker does jobs of kind ${safeLine(job.kind)}`)
  const labeled = ofKind.filter(({ labels }) => job.labels.every((label) => labels.includes(label)))
  if (labeled.length === 0) return none(`no worker offers ${safeLine(job.labels.join(' and '))}`)
  const able = labeled.filter((worker) => job.demands.every((demand) => meets(worker, demand)))
  if (able.length === 0) {
    const demands = safeLine(unmet(job, labeled).join(' and '))
    return none(`no worker offers ${demands}; see what a machine lacks`, ['doctor'])
  }
  const permitted = able.filter(({ restrictedTo }) => permits(restrictedTo, laneOf(job)))
  if (permitted.length > 0) return { able: permitted.length, lacking: null }
  return none('no worker that could do it has a token that permits it; see', ['workers'])
}

const none = (text: string, ...commands: readonly CommandLine[]) => ({
  able: 0,
  lacking: hint(text, ...commands),
})

const meets = ({ offers }: Seen, demand: string): boolean =>
  offers.some((offer) => matches(demand, offer))

/** The demands that no worker meets; all of them when each is met, but by different workers. */
function unmet({ demands }: Job, workers: readonly Seen[]): readonly string[] {
  const found = demands.filter((demand) => !workers.some((worker) => meets(worker, demand)))
  return found.length === 0 ? demands : found
}
