import { type Hint, hint } from '../domain/hint.ts'
import { shortId } from '../domain/id.ts'
import { type Closed, closedTo } from '../domain/closed.ts'
import type { Job } from '../domain/job.ts'
import { type Lack, lackHint, type UnmetDemand } from '../domain/lack.ts'
import type { WorkerIdentity } from '../domain/lease.ts'
import { laneOf, permits } from '../domain/lane.ts'
import { isMachineLabel, meets } from '../domain/offer.ts'
import { plural } from '../domain/plural.ts'
import { zonedMoment } from './quantity.ts'
import { resourceText } from './resource.ts'
import { safeLine } from './safe-text.ts'

/**
 * A worker that the hub has not seen for longer than this counts as disconnected. An idle worker
 * polls every 30 s, and the hub updates the last-seen time at most every 10 s; 5 s are left for
 * delays.
 */
const AWAY_MS = 45_000

/** A worker, as the hub last saw it. */
export type Seen = WorkerIdentity & {
  /**
   * Patterns for the jobs that the worker's token permits, such as `kind:code`; null permits all.
   */
  readonly restrictedTo: readonly string[] | null
  /** When the worker last polled, in milliseconds since the epoch. */
  readonly seenAt: number
  readonly running: number
}

/**
 * Whether a worker is disconnected. A worker that runs an attempt counts as connected until the
 * attempt's lease expires.
 */
export const isAway = ({ seenAt, running }: Pick<Seen, 'seenAt' | 'running'>, now: number) =>
  running === 0 && now - seenAt > AWAY_MS

/** Why a job does not run, if the job's own fields give a reason; otherwise null. */
export function whyHeldBack(job: Job): string | null {
  if (job.endedAt !== null) return null
  if (job.cancelRequestedAt !== null) return 'cancel requested'
  if (job.parkedOn !== null) {
    const holder = job.parkedBehind === null ? '' : `, held by job ${shortId(job.parkedBehind)}`
    return `for the lock ${safeLine(job.parkedOn)}${holder}`
  }
  if (job.notBefore !== null && job.state === 'queued') return `until ${zonedMoment(job.notBefore)}`
  return job.resumeAt !== null && job.state === 'paused'
    ? `until ${zonedMoment(job.resumeAt)}`
    : null
}

/**
 * Explains a demand that no worker meets, and how to get a worker that meets it; null if the cause
 * is unknown. `offered` is what the connected workers offer.
 */
export type LackOf = (demand: string, offered: readonly string[]) => UnmetDemand | null

/** Like `whyClosedText`, but adds the command that tries the resource now. */
export function whyClosed(job: Job, closed: readonly Closed[], now: number): Hint | null {
  const text = whyClosedText(job, closed, now)
  return text === null ? null : hint(`${text}; to try now, use`, ['resume', shortId(job.id)])
}

/**
 * Says which closed resource a queued job waits for, such as a git host that does not answer; null
 * if no resource that the job needs is closed.
 */
export function whyClosedText(job: Job, closed: readonly Closed[], now: number): string | null {
  if (job.state !== 'queued') return null
  const [last] = closedTo(closed, laneOf(job), null)
    .filter(({ until }) => until > now)
    .toSorted((one, other) => other.until - one.until)
  return last === undefined ? null : `for ${closedText(last)}`
}

/** Says which resource is closed, and when the next attempt may try it. */
export function closedText({
  key,
  reason,
  until,
}: Pick<Closed, 'key' | 'reason' | 'until'>): string {
  const when = zonedMoment(until)
  return reason === 'quota-exhausted'
    ? `${resourceText(key)}, whose quota is used up until ${when}`
    : `${resourceText(key)}, which does not answer; next try at ${when}`
}

/**
 * Why no worker has claimed a job that could start now: no worker can, or all that can are busy.
 */
export function whyNotTaken(job: Job, workers: readonly Seen[], now: number, lackOf: LackOf): Hint {
  const { able, lacking } = whoIsAble(job, workers, now, lackOf)
  if (lacking !== null) return lackHint(lacking)
  return hint(`for a free slot; ${plural(able, 'connected worker')} can run the job`)
}

/** Why none of the workers can claim a job; null if at least one worker can. */
export const whyNoWorker = (
  job: Job,
  workers: readonly Seen[],
  now: number,
  lackOf: LackOf,
): Lack | null => whoIsAble(job, workers, now, lackOf).lacking

/** How many workers can claim a job. If the number is 0, `lacking` says what the workers lack. */
function whoIsAble(
  job: Job,
  workers: readonly Seen[],
  now: number,
  lackOf: LackOf,
): { readonly able: number; readonly lacking: Lack | null } {
  const connected = workers.filter((worker) => !isAway(worker, now))
  if (connected.length === 0) return none('no worker is connected', START_ONE)
  const ofKind = connected.filter(({ kinds }) => kinds.includes(job.kind))
  if (ofKind.length === 0) return none(`no worker supports the kind ${safeLine(job.kind)}`)
  const names = job.labels.filter((label) => !isMachineLabel(label))
  const isLabelMissing = names.some((name) => !ofKind.some(({ labels }) => labels.includes(name)))
  if (isLabelMissing) return noneLabeled(names)
  const needs = needsOf(job)
  const able = ofKind.filter((worker) => needs.every((need) => isMet(need, worker)))
  if (able.length === 0) return { able: 0, lacking: lackAmong(needs, ofKind, lackOf) }
  const permitted = able.filter(({ restrictedTo }) => permits(restrictedTo, laneOf(job)))
  if (permitted.length > 0) return { able: permitted.length, lacking: null }
  return none(
    'the token of every suitable worker forbids the job',
    hint('to see the tokens’ restrictions, use', ['workers']),
  )
}

const START_ONE = hint('start one with', ['worker'])

const none = (what: string, cure: Hint | null = null) => ({ able: 0, lacking: { what, cure } })

function noneLabeled(labels: readonly string[]): ReturnType<typeof none> {
  const flags = labels.flatMap((label) => ['--label', label])
  return none(
    `no worker has the ${labels.length === 1 ? 'label' : 'labels'} ${safeLine(labels.join(' and '))}`,
    hint(
      `restart \`up\` or \`worker\` with ${safeLine(flags.join(' '))}; on another machine, use`,
      ['worker', '--hub', '<url>', '--token-file', '<file>', ...flags],
    ),
  )
}

/** A label that a job's worker must have, or a demand that the worker must meet. */
type Need = { readonly type: 'label' | 'demand'; readonly text: string }

const needsOf = ({ labels, demands }: Pick<Job, 'labels' | 'demands'>): readonly Need[] => [
  ...labels
    .filter((label) => !isMachineLabel(label))
    .map((text) => ({ type: 'label' as const, text })),
  ...[...demands, ...labels.filter(isMachineLabel)].map((text) => ({
    type: 'demand' as const,
    text,
  })),
]

const isMet = ({ type, text }: Need, { labels, offers }: Seen): boolean =>
  type === 'label' ? labels.includes(text) : meets(text, offers)

/**
 * Names the first need that no worker meets. If some worker meets each need, but no worker meets
 * all of them, names the needs that at least one worker does not meet.
 */
function lackAmong(needs: readonly Need[], workers: readonly Seen[], lackOf: LackOf): Lack {
  const offered = workers.flatMap(({ offers }) => offers)
  const unmet = needs.find((need) => !workers.some((worker) => isMet(need, worker)))
  const known = unmet === undefined ? null : lackOf(unmet.text, offered)
  if (known !== null) return known
  const nounOf = ({ type, text }: Need): string =>
    type === 'label' ? `the label ${text}` : (lackOf(text, offered)?.noun ?? text)
  const scattered = needs.filter((need) => !workers.every((worker) => isMet(need, worker)))
  const what =
    unmet === undefined
      ? `no single worker offers all of: ${scattered.map(nounOf).join(', ')}`
      : `no worker offers ${unmet.text}`
  return {
    what: safeLine(what),
    cure: hint('to see what each worker offers, use', ['workers']),
  }
}
