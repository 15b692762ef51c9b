import { isDeepStrictEqual } from 'node:util'
import type { Checkpoint } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import {
  afterExpiry,
  afterHandBack,
  afterSettleFailed,
  type Next,
  refusal,
  type Running,
} from '../../src/domain/machine.ts'
import type { Outcome, Settlement } from '../../src/domain/outcome.ts'
import type { ReasonCode } from '../../src/domain/reasons.ts'
import { isTerminal, type JobState } from '../../src/domain/state.ts'
import type { ClaimRequest, NewJob } from '../../src/ledger/port.ts'

/** A job as it must be. */
export type ModelJob = {
  readonly id: JobId
  readonly asked: NewJob
  state: JobState
  reason: ReasonCode | null
  attempt: number
  failures: number
  agentStarted: boolean
  told: number
  cancelRequested: boolean
  notBefore: number
  leaseMs: number
  leaseUntil: number
  /** Set while a paused or resumed job keeps its lock keys. */
  locksUntil: number | null
  checkpoints: Checkpoint[]
  /** The claim that got the current attempt. */
  request: ClaimRequest | null
  /** The words with which a worker ended an attempt: the same again are a repeat. */
  readonly said: Map<number, Outcome>
}

export type Paused = Extract<Outcome, { kind: 'paused' }>

/** The ledger without SQL, parking or waking: whoever is runnable and best is claimed. */
export type Model = { now: number; readonly jobs: ModelJob[] }

export const newModelJob = (id: JobId, asked: NewJob): ModelJob => ({
  id,
  asked,
  state: 'queued',
  reason: null,
  attempt: 0,
  failures: 0,
  agentStarted: false,
  told: 0,
  cancelRequested: false,
  notBefore: 0,
  leaseMs: 0,
  leaseUntil: 0,
  locksUntil: null,
  checkpoints: [],
  request: null,
  said: new Map(),
})

/** Highest priority, then first come, of all that could run on a worker with these labels. */
export function bestRunnable(model: Model, labels: readonly string[]): ModelJob | undefined {
  return model.jobs
    .filter((job) => isRunnable(model, job))
    .filter((job) => job.asked.labels.every((label) => labels.includes(label)))
    .toSorted((one, other) => other.asked.priority - one.asked.priority)[0]
}

const holdsKeys = (job: ModelJob): boolean => job.state === 'running' || job.locksUntil !== null

function isRunnable(model: Model, job: ModelJob): boolean {
  if (job.state !== 'queued' || job.notBefore > model.now) return false
  const others = model.jobs.filter((other) => other !== job && holdsKeys(other))
  const held = new Set(others.flatMap((other) => other.asked.locks))
  return !job.asked.locks.some((key) => held.has(key))
}

/** What a fenced call must be refused with; `none` when it must be accepted. */
export function fenceRefusal(
  job: ModelJob,
  attempt: number,
  trigger: Parameters<typeof refusal>[1],
): string {
  const stale = attempt === job.attempt ? undefined : 'lease-lost'
  return refusal(job.state, trigger) ?? stale ?? 'none'
}

/** Whether the attempt has ended with these very words: then the answer is that of the first time. */
export const isRepeat = (job: ModelJob, attempt: number, outcome: Outcome): boolean =>
  isDeepStrictEqual(job.said.get(attempt), outcome)

export function modelClaim(model: Model, job: ModelJob, request: ClaimRequest): void {
  Object.assign(job, {
    state: 'running',
    reason: null,
    attempt: job.attempt + 1,
    agentStarted: false,
    told: 0,
    locksUntil: null,
    request,
  })
  modelRenew(model, job, request.leaseMs)
}

export function modelRenew(model: Model, job: ModelJob, leaseMs: number): void {
  job.leaseMs = leaseMs
  job.leaseUntil = model.now + leaseMs
}

export function modelSettle(model: Model, job: ModelJob, settlement: Settlement): void {
  job.said.set(job.attempt, settlement)
  if (settlement.kind === 'failed') {
    follow(model, job, afterSettleFailed(running(job), settlement.reason))
    return
  }
  job.state = settlement.kind
  const late = settlement.kind === 'succeeded' && job.cancelRequested
  job.reason = late ? 'cancelled-too-late' : settlement.reason
}

export function modelPause(model: Model, job: ModelJob, why: Paused): void {
  job.said.set(job.attempt, why)
  if (job.cancelRequested) {
    cancel(job)
    return
  }
  Object.assign(job, {
    state: 'paused',
    reason: why.reason,
    locksUntil: model.now + job.asked.limits.pausedLocksMs,
  })
}

export function modelRequestCancel(job: ModelJob): void {
  job.cancelRequested = true
  if (job.state !== 'running') cancel(job)
}

export function modelHandBack(model: Model, job: ModelJob): void {
  job.said.set(job.attempt, { kind: 'handed-back' })
  follow(model, job, afterHandBack(running(job)))
}

/** Returns how many attempts it ended. */
export function modelExpire(model: Model): number {
  const due = model.jobs.filter((job) => job.state === 'running' && job.leaseUntil <= model.now)
  for (const job of due) follow(model, job, afterExpiry(running(job)))
  return due.length
}

/** Returns how many jobs lost their keys. */
export function modelTidyLocks(model: Model): number {
  const over = model.jobs.filter((job) => job.locksUntil !== null && job.locksUntil <= model.now)
  for (const job of over) job.locksUntil = null
  return over.length
}

export function modelRestart(model: Model): void {
  for (const job of model.jobs) {
    const least = Math.max(job.leaseUntil, model.now + Math.floor(job.leaseMs / 4))
    job.leaseUntil = Math.min(least, model.now + job.leaseMs)
  }
}

const running = (job: ModelJob): Running => ({ ...job, retry: job.asked.retry })

function follow(model: Model, job: ModelJob, next: Next): void {
  job.state = next.state
  job.reason = next.reason
  job.failures = next.failures
  if (next.state === 'queued') job.notBefore = model.now + next.delayMs
  if (isTerminal(next.state)) job.locksUntil = null
}

function cancel(job: ModelJob): void {
  job.state = 'cancelled'
  job.reason = 'cancelled-by-request'
  job.locksUntil = null
}
