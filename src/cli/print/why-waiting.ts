import type { Job } from '../../domain/job.ts'
import type { WorkerIdentity } from '../../domain/lease.ts'
import { safeLine } from './safe-text.ts'

/** A worker that has not asked for so long is not there. */
const AWAY_MS = 90_000

type Seen = WorkerIdentity & {
  /** When it last asked, in milliseconds since the epoch. */
  readonly seenAt: number
  readonly running: number
}

/** Why nobody takes a job that is ready, as far as the workers at hand can tell. */
export function whyWaiting(job: Job, workers: readonly Seen[], now: number): string {
  const there = workers.filter(({ seenAt }) => now - seenAt < AWAY_MS)
  if (there.length === 0) return 'no worker asks for work; start one: millwright worker'
  const ofKind = there.filter(({ kinds }) => kinds.includes(job.kind))
  if (ofKind.length === 0) return `no worker does jobs of kind ${safeLine(job.kind)}`
  const able = ofKind.filter(({ labels }) => job.labels.every((label) => labels.includes(label)))
  if (able.length === 0) return `no worker offers ${safeLine(job.labels.join(' and '))}`
  return `for a free slot of ${able.length} worker${able.length === 1 ? '' : 's'}`
}
