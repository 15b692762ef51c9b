import { isDeepStrictEqual } from 'node:util'
import type { Checkpoint } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import {
  afterDeferral,
  afterExpiry,
  afterHandBack,
  afterSettleFailed,
  type Next,
  refusalCode,
  type Running,
} from '../../src/domain/machine.ts'
import { closable, type Closed, closedTo, TRIAL_MS, STALE_MS } from '../../src/domain/closed.ts'
import { OUTAGE_MS_DEFAULT } from '../../src/domain/limits.ts'
import { laneOf } from '../../src/domain/lane.ts'
import type { Outcome, Settlement } from '../../src/domain/outcome.ts'
import type { PublicationIntent } from '../../src/domain/publication.ts'
import type { ReasonCode } from '../../src/domain/reasons.ts'
import { isTerminal, type JobState } from '../../src/domain/state.ts'
import type { Ending } from '../../src/ledger/attempt-end.ts'
import type { ClaimRequest, NewJob } from '../../src/ledger/port.ts'

/** The expected state of a job. */
export type ModelJob = {
  readonly id: JobId
  readonly asked: NewJob
  readonly createdAt: number
  startedAt: number | null
  state: JobState
  reason: ReasonCode | null
  attempt: number
  deferrals: number
  /** The attempts that reported that they reached the host. */
  readonly reachedHost: Set<number>
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
  /** How a worker ended each attempt; the same ending again is a repeat. */
  readonly said: Map<number, Ending>
}

/** A closed resource, and the attempt that tries it now. */
export type ModelClosed = Pick<Closed, 'key' | 'covers' | 'since' | 'until' | 'tries'> & {
  readonly trial: string | null
}

export type Deferred = Extract<Outcome, { kind: 'deferred' }>
export type Paused = Extract<Outcome, { kind: 'paused' }>

/** The ledger without SQL, parking or waking: a claim gets the best runnable job. */
export type Model = {
  now: number
  readonly jobs: ModelJob[]
  /** Uploads by digest. */
  readonly blobs: Map<string, { storedAt: number; readonly uploaders: Set<string> }>
  /** Closed resources by key. */
  readonly closed: Map<string, ModelClosed>
}

export const newModel = (now: number): Model => ({
  now,
  jobs: [],
  blobs: new Map(),
  closed: new Map(),
})

export const newModelJob = (id: JobId, asked: NewJob, createdAt: number): ModelJob => ({
  id,
  asked,
  createdAt,
  startedAt: null,
  state: 'queued',
  reason: null,
  attempt: 0,
  deferrals: 0,
  reachedHost: new Set(),
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

/**
 * The job that a claim of this worker gets: highest priority, then submitted first; or, if that one
 * needs what is closed, the one that was deferred least often.
 */
export function bestRunnable(model: Model, request: ClaimRequest): ModelJob | undefined {
  const runnable = model.jobs
    .filter((job) => isRunnable(model, job))
    .filter((job) => isFor(request, job.asked))
    .filter((job) => neededBy(model, job, request).every(({ until }) => until <= model.now))
    .toSorted((one, other) => other.asked.priority - one.asked.priority)
  const [best] = runnable
  if (best === undefined) return undefined
  const keys = new Set(neededBy(model, best, request).map(({ key }) => key))
  if (keys.size === 0) return best
  // The job that was deferred least often tries what is closed.
  return runnable
    .filter((job) => neededBy(model, job, request).some(({ key }) => keys.has(key)))
    .toSorted((one, other) => one.deferrals - other.deferrals)[0]
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
export const isRepeat = (job: ModelJob, attempt: number, outcome: Ending): boolean =>
  isDeepStrictEqual(job.said.get(attempt), outcome)

const neededBy = (model: Model, { asked }: ModelJob, { worker }: ClaimRequest) =>
  closedTo([...model.closed.values()], laneOf(asked), worker.accounts ?? [])

const attemptOf = ({ id, attempt }: ModelJob): string => `${id} ${attempt}`

/** The keys of the resources that the newest attempt of a job tries, in order. */
export const trialsOf = (model: Model, job: ModelJob): readonly string[] =>
  [...model.closed.values()]
    .filter(({ trial }) => trial === attemptOf(job))
    .map(({ key }) => key)
    .toSorted()

/** The attempt has ended: what it has tried without an answer is due now. */
function releaseTrials(model: Model, job: ModelJob): void {
  for (const key of trialsOf(model, job)) modelMakeDue(model, key)
}

export function modelMakeDue(model: Model, key: string): void {
  const row = model.closed.get(key)
  if (row === undefined || row.until <= model.now) return
  model.closed.set(key, { ...row, until: model.now, trial: null })
}

/** The closed resources that a queued job needs, whichever worker would take it. */
export const closedToJob = (model: Model, { asked }: ModelJob): readonly string[] =>
  closedTo([...model.closed.values()], laneOf(asked), null).map(({ key }) => key)

/** @param until when the ledger lets the next attempt try, because the model cannot know its chance */
export function modelDefer(model: Model, job: ModelJob, outcome: Deferred, until: number): void {
  const { key, covers } = outcome.closed
  const closes = closable(outcome.closed, laneOf(job.asked)) !== null
  if (closes) modelClose(model, job, { key, covers, until })
  job.said.set(job.attempt, outcome)
  releaseTrials(model, job)
  const since = closes ? model.closed.get(key)!.since : job.startedAt!
  const next = afterDeferral(running(job), {
    reason: outcome.reason,
    lastedMs: model.now - Math.max(since, job.createdAt),
    limitMs: job.asked.limits.outageMs ?? OUTAGE_MS_DEFAULT,
    nextTryMs: until - model.now,
    interruptions: interruptionsOf(job, key),
  })
  follow(model, job, next)
  job.deferrals += 1
}

function modelClose(
  model: Model,
  job: ModelJob,
  { key, covers, until }: Pick<ModelClosed, 'key' | 'covers' | 'until'>,
): void {
  for (const [other, row] of model.closed) {
    if (row.until <= model.now - STALE_MS) model.closed.delete(other)
  }
  const old = model.closed.get(key)
  if (old === undefined || old.until <= model.now || trialsOf(model, job).includes(key)) {
    const since = old?.since ?? model.now
    const tries = (old?.tries ?? 0) + 1
    model.closed.set(key, { key, covers, since, until, tries, trial: null })
  }
}

/** How many attempts in a row, up to the newest, reached the host before they were deferred. */
function interruptionsOf({ attempt, said, reachedHost }: ModelJob, key: string): number {
  const interrupted = (one: number): boolean =>
    said.get(one)?.kind === 'deferred' && reachedHost.has(one)
  let count = 0
  while (key.startsWith('host:') && interrupted(attempt - count)) count += 1
  return count
}

export function modelClaim(model: Model, job: ModelJob, request: ClaimRequest): void {
  const needed = neededBy(model, job, request)
  Object.assign(job, {
    state: 'running',
    reason: null,
    attempt: job.attempt + 1,
    startedAt: job.startedAt ?? model.now,
    agentStarted: false,
    eventCount: 0,
    locksUntil: null,
    request,
  })
  modelRenew(model, job, request.leaseMs)
  for (const row of needed) {
    const anew = row.until <= model.now - STALE_MS ? { since: model.now, tries: 0 } : {}
    const trial = attemptOf(job)
    model.closed.set(row.key, { ...row, ...anew, until: model.now + TRIAL_MS, trial })
  }
}

export function modelRenew(model: Model, job: ModelJob, leaseMs: number): void {
  job.leaseMs = leaseMs
  job.leaseUntil = model.now + leaseMs
}

export function modelSettle(model: Model, job: ModelJob, settlement: Settlement): void {
  if (settlement.kind === 'succeeded') {
    for (const key of trialsOf(model, job)) model.closed.delete(key)
  } else releaseTrials(model, job)
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
  releaseTrials(model, job)
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
  releaseTrials(model, job)
  job.said.set(job.attempt, { kind: 'handed-back' })
  follow(model, job, afterHandBack(running(job)))
}

export function modelAbandon(model: Model, job: ModelJob): void {
  job.said.set(job.attempt, { kind: 'abandoned' })
  follow(model, job, afterExpiry(running(job)))
}

/** @returns the number of ended attempts */
export function modelExpire(model: Model): number {
  const due = model.jobs.filter((job) => job.state === 'running' && job.leaseUntil <= model.now)
  for (const job of due) {
    releaseTrials(model, job)
    follow(model, job, afterExpiry(running(job)))
  }
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
