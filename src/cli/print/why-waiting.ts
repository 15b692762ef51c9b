import type { Job } from '../../domain/job.ts'
import type { WorkerIdentity } from '../../domain/lease.ts'
import { moment } from './quantity.ts'
import { safeLine } from './safe-text.ts'

/** A worker that has not asked for so long is not there. */
const AWAY_MS = 90_000

type Seen = WorkerIdentity & {
  /** When it last asked, in milliseconds since the epoch. */
  readonly seenAt: number
  readonly running: number
}

/** Why a job that could run does not, as far as the job itself says; null when it does not say. */
export function whyHeldBack(job: Job): string | null {
  if (job.endedAt !== null) return null
  if (job.cancelRequestedAt !== null) return 'cancel requested'
  if (job.parkedOn !== null) return `for the lock ${safeLine(job.parkedOn)}`
  if (job.notBefore !== null && job.state === 'queued') return `until ${moment(job.notBefore)}`
  return job.resumeAt !== null && job.state === 'paused' ? `until ${moment(job.resumeAt)}` : null
}

/** Why nobody takes a job that is ready, as far as the workers at hand can tell. */
export function whyNotTaken(job: Job, workers: readonly Seen[], now: number): string {
  const there = workers.filter(({ seenAt }) => now - seenAt < AWAY_MS)
  if (there.length === 0) return 'no worker asks for work; start one: millwright worker'
  const ofKind = there.filter(({ kinds }) => kinds.includes(job.kind))
  if (ofKind.length === 0) return `no worker does jobs of kind ${safeLine(job.kind)}`
  const able = ofKind.filter(({ labels }) => job.labels.every((label) => labels.includes(label)))
  if (able.length === 0) return `no worker offers ${safeLine(job.labels.join(' and '))}`
  return `for a free slot of ${able.length} worker${able.length === 1 ? '' : 's'}`
}
