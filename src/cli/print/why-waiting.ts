import type { Job } from '../../domain/job.ts'
import type { WorkerIdentity } from '../../domain/lease.ts'
import { zonedMoment } from './quantity.ts'
import { safeLine } from './safe-text.ts'

/**
 * An idle worker asks again within 30 s, and the hub notes it when the last note is 10 s old: one
 * that was not seen for longer than both is gone.
 */
const AWAY_MS = 45_000

type Seen = WorkerIdentity & {
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

/** Why nobody takes a job that is ready, as far as the workers at hand can tell. */
export function whyNotTaken(job: Job, workers: readonly Seen[], now: number): string {
  const there = workers.filter((worker) => !isAway(worker, now))
  if (there.length === 0) return 'no worker asks for work; start one: millwright worker'
  const ofKind = there.filter(({ kinds }) => kinds.includes(job.kind))
  if (ofKind.length === 0) return `no worker does jobs of kind ${safeLine(job.kind)}`
  const able = ofKind.filter(({ labels }) => job.labels.every((label) => labels.includes(label)))
  if (able.length === 0) return `no worker offers ${safeLine(job.labels.join(' and '))}`
  return `for a free slot of ${able.length} worker${able.length === 1 ? '' : 's'}`
}
