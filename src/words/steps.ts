import type { JobEvent } from '../domain/event.ts'
import { duration } from './quantity.ts'
import { safeLine } from './safe-text.ts'

type Started = Extract<JobEvent, { type: 'step-started' }>
type AttemptEnd = Extract<JobEvent, { type: 'requeued' | 'paused' | 'ended' }>

/**
 * One row for each step of all attempts: the attempt's number, the step's name, and the step's
 * result. The result is a duration, `running`, or how the step ended early, such as `failed after
 * 3.2 s`.
 */
export const stepRows = (events: readonly JobEvent[]): readonly (readonly string[])[] =>
  events.flatMap((event) =>
    event.type === 'step-started'
      ? [[`${event.attempt ?? ''}`, safeLine(event.step), result(event, events)]]
      : [],
  )

function result(step: Started, events: readonly JobEvent[]): string {
  const later = events.filter(({ seq, attempt }) => seq > step.seq && attempt === step.attempt)
  const finished = later.find((event) => event.type === 'step-finished' && event.step === step.step)
  if (finished?.type === 'step-finished') return duration(finished.durationMs)
  const end = later.find(isAttemptEnd)
  const next = later.find(({ type }) => type === 'step-started')
  // Steps run one after another, so this step failed before the next one started.
  if (next !== undefined) return `failed after ${duration(next.at - step.at)}`
  if (end === undefined) return 'running'
  const [how, after] = [endOfStep(end), duration(end.at - step.at)]
  // The event's time is when the hub noticed the loss. The time when the worker stopped is unknown.
  return how === 'lost' ? `lost, noticed after ${after}` : `${how} after ${after}`
}

const isAttemptEnd = (event: JobEvent): event is AttemptEnd & JobEvent =>
  event.type === 'requeued' || event.type === 'paused' || event.type === 'ended'

/** How the last step of an attempt ended, given how the attempt ended. */
function endOfStep(end: AttemptEnd): 'failed' | 'stopped' | 'lost' {
  if (end.type === 'paused') return 'stopped'
  if (end.type === 'requeued') {
    if (end.reason === 'worker-lost') return 'lost'
    return end.reason === 'handed-back' ? 'stopped' : 'failed'
  }
  const { settlement } = end
  if (settlement.kind !== 'failed') return 'stopped'
  const { reason, step } = settlement
  // A worker that reports a failure names the failed step. If no step is named, the worker was
  // lost.
  const isLost = reason === 'worker-lost' || (reason === 'attempts-exhausted' && step === undefined)
  return isLost ? 'lost' : 'failed'
}
