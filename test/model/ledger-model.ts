import { isDeepStrictEqual } from 'node:util'
import type { Checkpoint } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import {
  afterExpiry,
  afterHandBack,
  afterSettleFailed,
  type Next,
  refusalCode,
  type Running,
} from '../../src/domain/machine.ts'
import type { Outcome, Settlement } from '../../src/domain/outcome.ts'
import type { PublicationIntent } from '../../src/domain/publication.ts'
import type { ReasonCode } from '../../src/domain/reasons.ts'
import { isTerminal, type JobState } from '../../src/domain/state.ts'
import type { ClaimRequest, NewJob } from '../../src/ledger/port.ts'

/** The expected state of a job. */
export type ModelJob = {
  readonly id: JobId
  readonly asked: NewJob
  state: JobState
  reason: ReasonCode | null
  attempt: number
  failures: number
  agentStarted: boolean
  eventCount: number
  cancelRequested: boolean
  notBefore: number
  /** From this time on new publication intents are refused; null when it has no hold. */
  holdUntil: number | null
  leaseMs: number
  leaseUntil: number
  /** Set while a paused or resumed job keeps its lock keys. */
  locksUntil: number | null
  checkpoints: Checkpoint[]
  intents: PublicationIntent[]
  /** The claim request of the current attempt. */
  request: ClaimRequest | null
  /** The outcome with which a worker ended each attempt; the same outcome again is a repeat. */
  readonly said: Map<number, Outcome>
}

export type Paused = Extract<Outcome, { kind: 'paused' }>

/** The ledger without SQL, parking or waking: a claim gets the best runnable job. */
export type Model = {
  now: number
  readonly jobs: ModelJob[]
  /** Uploads by digest. */
  readonly blobs: Map<string, { storedAt: number; readonly uploaders: Set<string> }>
}

export const newModel = (now: number): Model => ({ now, jobs: [], blobs: new Map() })

export const newModelJob = (id: JobId, asked: NewJob): ModelJob => ({
  id,
  asked,
  state: 'queued',
  reason: null,
  attempt: 0,
  failures: 0,
  agentStarted: false,
  eventCount: 0,
  cancelRequested: false,
  notBefore: asked.notBefore ?? 0,
  holdUntil: asked.holdUntil ?? null,
  leaseMs: 0,
  leaseUntil: 0,
  locksUntil: null,
  checkpoints: [],
  intents: [],
  request: null,
  said: new Map(),
})

/** The best job that can run for this worker: highest priority, then submitted first. */
export function bestRunnable(model: Model, request: ClaimRequest): ModelJob | undefined {
  return model.jobs
    .filter((job) => isRunnable(model, job))
    .filter((job) => isFor(request, job.asked))
    .toSorted((one, other) => other.asked.priority - one.asked.priority)[0]
}

const fits = (patterns: readonly string[], text: string): boolean =>
  patterns.some((one) => one === text || (one.endsWith('*') && text.startsWith(one.slice(0, -1))))

/** Whether the worker offers what the job demands, and its token permits the lane. */
function isFor({ worker, restrictedTo }: ClaimRequest, { labels, demands }: NewJob): boolean {
  const said = [...labels.map((label) => `label:${label}`), ...demands]
  const ofWord = (word: string): readonly string[] => said.filter((text) => text.startsWith(word))
  const words = (restrictedTo ?? []).map((pattern) => pattern.replace(/:.*$/, ':'))
  return (
    labels.every((label) => worker.labels.includes(label)) &&
    demands.every((demand) => fits(worker.offers, demand)) &&
    words.every((word) => ofWord(word).length > 0) &&
    words.flatMap(ofWord).every((text) => fits(restrictedTo ?? [], text))
  )
}

/** Digests of a job's inputs, ordered by name. */
export const inputsOf = ({ asked }: Pick<ModelJob, 'asked'>): readonly string[] =>
  (asked.inputs ?? []).map(({ digest }) => digest)

/** The inputs that a submission may not name. */
export function missingInputs(model: Model, asked: NewJob): readonly string[] {
  const named = new Set(model.jobs.flatMap(inputsOf))
  return inputsOf({ asked }).filter(
    (digest) =>
      !named.has(digest) && !model.blobs.get(digest)?.uploaders.has(asked.submitter.tokenId),
  )
}

/** @returns the number of deleted uploads */
export function modelForgetBlobs(model: Model, before: number): number {
  const named = new Set(model.jobs.flatMap(inputsOf))
  const old = [...model.blobs].filter(
    ([digest, { storedAt }]) => storedAt < before && !named.has(digest),
  )
  for (const [digest] of old) model.blobs.delete(digest)
  return old.length
}

const holdsKeys = (job: ModelJob): boolean => job.state === 'running' || job.locksUntil !== null

function isRunnable(model: Model, job: ModelJob): boolean {
  if (job.state !== 'queued' || job.notBefore > model.now) return false
  const others = model.jobs.filter((other) => other !== job && holdsKeys(other))
  const held = new Set(others.flatMap((other) => other.asked.locks))
  return !job.asked.locks.some((key) => held.has(key))
}

/** The expected refusal of a fenced call; `none` when it must be accepted. */
export function fenceRefusal(
  job: ModelJob,
  attempt: number,
  trigger: Parameters<typeof refusalCode>[1],
): string {
  const stale = attempt === job.attempt ? undefined : 'lease-lost'
  return refusalCode(job.state, trigger) ?? stale ?? 'none'
}

/** The expected refusal of a new intent of the current attempt. */
export function intentRefusal(model: Model, job: ModelJob): string {
  if (job.cancelRequested) return 'cancel-requested'
  return job.holdUntil !== null && job.holdUntil <= model.now ? 'hold-lapsed' : 'none'
}

/** Whether the attempt has already ended with this outcome, so that the call is a repeat. */
export const isRepeat = (job: ModelJob, attempt: number, outcome: Outcome): boolean =>
  isDeepStrictEqual(job.said.get(attempt), outcome)

export function modelClaim(model: Model, job: ModelJob, request: ClaimRequest): void {
  Object.assign(job, {
    state: 'running',
    reason: null,
    attempt: job.attempt + 1,
    agentStarted: false,
    eventCount: 0,
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

/** @returns the number of ended attempts */
export function modelExpire(model: Model): number {
  const due = model.jobs.filter((job) => job.state === 'running' && job.leaseUntil <= model.now)
  for (const job of due) follow(model, job, afterExpiry(running(job)))
  return due.length
}

/** @returns the number of jobs whose keys were released */
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
