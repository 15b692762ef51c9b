import type { Checkpoint, JobEvent } from '../domain/event.ts'
import type { Publication } from '../domain/publication.ts'
import type { ReasonCode } from '../domain/reasons.ts'
import type { JobState } from '../domain/state.ts'

/** A job's state as computed from its events. */
export type Folded = {
  readonly state: JobState | 'absent'
  readonly attempt: number
  readonly reason: ReasonCode | null
  readonly failures: number
  /** The newest checkpoint of each step. */
  readonly checkpoints: readonly Checkpoint[]
  readonly publication: Publication | null
}

const NOTHING: Folded = {
  state: 'absent',
  attempt: 0,
  reason: null,
  failures: 0,
  checkpoints: [],
  publication: null,
}

/**
 * Computes a job's state from all its events, in order. The job's row must always agree with the
 * result.
 */
export const fold = (events: readonly JobEvent[]): Folded => events.reduce(step, NOTHING)

function step(job: Folded, event: JobEvent): Folded {
  switch (event.type) {
    case 'submitted':
      return { ...NOTHING, state: 'queued' }
    case 'claimed':
      return { ...job, state: 'running', attempt: event.attempt ?? job.attempt, reason: null }
    case 'checkpoint':
      return { ...job, checkpoints: newestPerStep([...job.checkpoints, event.checkpoint]) }
    case 'published':
      return { ...job, publication: event.publication }
    case 'requeued':
      return { ...job, state: 'queued', reason: event.reason, failures: event.failures }
    case 'paused':
      return { ...job, state: 'paused', reason: event.reason }
    case 'resumed':
      return { ...job, state: 'queued', reason: 'resumed' }
    case 'ended':
      return {
        ...job,
        state: event.settlement.kind,
        reason: event.settlement.reason,
        failures: event.failures,
        publication:
          event.settlement.kind === 'succeeded' ? event.settlement.publication : job.publication,
      }
    case 'publication-intended':
    case 'cancel-requested':
    case 'step-started':
    case 'step-finished':
    case 'agent-started':
    case 'agent-session':
    case 'usage':
    case 'check-finished':
    case 'base':
    case 'change':
    case 'note':
    case 'progress':
    case 'reached':
      return job
  }
}

/** Keeps the newest checkpoint of each step, ordered from oldest to newest. */
export function newestPerStep(checkpoints: readonly Checkpoint[]): Checkpoint[] {
  const byStep = new Map<string, Checkpoint>()
  for (const checkpoint of checkpoints) {
    byStep.delete(checkpoint.step)
    byStep.set(checkpoint.step, checkpoint)
  }
  return [...byStep.values()]
}
