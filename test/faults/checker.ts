import { z } from 'zod'
import { CallbackEvent } from '../../src/domain/callback.ts'
import type { JobEvent } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Job } from '../../src/domain/job.ts'
import { isTerminal } from '../../src/domain/state.ts'

/** What a client asked for, and what it was told. The title is its own and unique. */
export type Asked = {
  readonly title: string
  /** null while no submission was answered. */
  readonly acknowledged: JobId | null
  /** How the job may end. */
  readonly ends: readonly Job['state'][]
}

/** A push that the remote took, as its own hook wrote it down; `at` in milliseconds since the epoch. */
export type Push = { readonly branch: string; readonly commit: string; readonly at: number }

/** A message that the receiver of callbacks was told, as often as it was told. */
export type Told = {
  readonly id: string
  readonly job: string
  /** The event it tells of. */
  readonly seq: number
  readonly event: string
  readonly body: string
}

/** All that is known from outside once everything is quiet. */
export type Facts = {
  readonly asked: readonly Asked[]
  readonly jobs: readonly Job[]
  readonly events: ReadonlyMap<JobId, readonly JobEvent[]>
  /** Jobs whose row is not what their events say. */
  readonly differing: readonly string[]
  readonly pushes: readonly Push[]
  /** Commit of each branch on the remote. */
  readonly tips: ReadonlyMap<string, string>
  readonly told: readonly Told[]
  /** Artifacts that are listed and cannot be read whole. */
  readonly unreadable: readonly string[]
  /** Processes, folders, reports, pins and rows that no running attempt has a use for. */
  readonly left: readonly string[]
}

/** What must not be, in words; nothing in any list is what is promised. */
export type Verdict = {
  readonly lost: readonly string[]
  readonly duplicated: readonly string[]
  readonly staleAccepted: readonly string[]
  readonly orphaned: readonly string[]
}

/**
 * Compares what the client asked for with the ledger, the remote and what the receiver of callbacks
 * was told. Every job here asks for all callbacks: each is told at least once, with one id and in
 * the same words.
 */
export function check(facts: Facts): Verdict {
  return {
    lost: [
      ...facts.asked.flatMap((one) => lost(one, facts)),
      ...facts.differing,
      ...facts.unreadable,
      ...facts.jobs.flatMap((job) => untold(job.id, facts)),
    ],
    duplicated: [
      ...facts.asked.flatMap((one) => duplicated(one, facts)),
      ...facts.jobs.flatMap((job) => pushedTwice(job, facts)),
      ...facts.jobs.flatMap((job) => paidTwice(job.id, facts)),
      ...facts.told.flatMap((told) => toldAsTwo(told, facts)),
    ],
    staleAccepted: [
      ...facts.jobs.flatMap((job) => staleEvents(job.id, facts)),
      ...facts.pushes.flatMap((push) => strangePush(push, facts)),
      ...facts.told.flatMap((told) => neverHappened(told, facts)),
    ],
    orphaned: facts.left,
  }
}

export const isClean = (verdict: Verdict): boolean =>
  Object.values(verdict).every((list) => list.length === 0)

function lost({ title, acknowledged, ends }: Asked, { jobs, tips }: Facts): readonly string[] {
  if (acknowledged === null) return [`${title} was never acknowledged`]
  const job = jobs.find(({ id }) => id === acknowledged)
  if (job === undefined) return [`${title} was acknowledged and is gone`]
  if (!isTerminal(job.state)) return [`${title} is still ${job.state}`]
  if (!ends.includes(job.state)) return [`${title} ended ${job.state}: ${job.reason} ${job.detail}`]
  const { publication } = job
  if (job.state !== 'succeeded' || publication?.kind !== 'branch') return []
  const branch = branchOf(publication)
  const tip = tips.get(branch)
  return tip === publication.revision
    ? []
    : [`${title}: ${branch} is at ${tip}, not at ${publication.revision}`]
}

function duplicated({ title }: Asked, { jobs, events }: Facts): readonly string[] {
  const made = jobs.filter((job) => job.title === title)
  const ends = made.flatMap(({ id }) =>
    (events.get(id) ?? []).filter(({ type }) => type === 'ended'),
  )
  return [
    ...(made.length > 1 ? [`${title} became ${made.length} jobs`] : []),
    ...(ends.length > made.length ? [`${title} ended ${ends.length} times`] : []),
  ]
}

function pushedTwice(job: Job, { events, pushes }: Facts): readonly string[] {
  const branches = new Set(intents(events.get(job.id) ?? []).map(({ intent }) => branchOf(intent)))
  return [...branches].flatMap((branch) => {
    const times = pushes.filter((push) => push.branch === branch).length
    return times > 1 ? [`${branch} was pushed ${times} times`] : []
  })
}

/** Said here once more, not taken from the code: what that takes for finished may be what is broken. */
const Finished = z.object({
  work: z.object({ summary: z.string(), iteration: z.int().default(1) }),
})

/**
 * Agents started although their work was finished, and it was neither gone nor had it failed a check
 * in the same attempt; and turns that are counted twice. Nobody tampers with kept work here: it must
 * not come out otherwise.
 */
function paidTwice(id: JobId, { events }: Facts): readonly string[] {
  const all = events.get(id) ?? []
  let finished: { readonly by: number | null; readonly iteration: number } | null = null
  let failedIn: number | null = null
  const paid: string[] = []
  for (const event of all) {
    const { type, attempt, seq } = event
    if (type === 'checkpoint' && event.checkpoint.step === 'agent') {
      const made = Finished.safeParse(event.checkpoint.product).data?.work
      if (made !== undefined) {
        const { iteration } = made
        if (finished !== null && attempt !== finished.by && iteration <= finished.iteration) {
          paid.push(`event ${seq} of ${id}: turn ${iteration} of the agent was finished twice`)
        }
        finished = { by: attempt, iteration }
      } else if (!foundItSpoilt(all, attempt)) finished = null
    }
    if (type === 'note' && event.code === 'work-not-found') finished = null
    if (type === 'check-finished' && !event.passed) failedIn = attempt
    if (type !== 'agent-started') continue
    if (finished !== null && failedIn !== attempt) {
      paid.push(`event ${seq} of ${id}: attempt ${finished.by} had finished, ${attempt} paid again`)
    }
    failedIn = null
  }
  return paid
}

const foundItSpoilt = (events: readonly JobEvent[], attempt: number | null): boolean =>
  events.some(
    (event) =>
      event.type === 'requeued' && event.attempt === attempt && event.reason === 'workspace-failed',
  )

/** Words of an attempt after the next one was claimed, or after the end. */
function staleEvents(id: JobId, { events }: Facts): readonly string[] {
  let [current, ended] = [0, false]
  const stale: string[] = []
  for (const { type, attempt, seq } of events.get(id) ?? []) {
    if (type === 'claimed') current = attempt ?? 0
    if (ended || (attempt !== null && attempt < current)) {
      stale.push(`event ${seq} of ${id}: ${type} of attempt ${attempt} during ${current}`)
    }
    ended ||= type === 'ended'
  }
  return stale
}

/** A push that no attempt had announced, or that came when its job had ended. */
function strangePush({ branch, commit, at }: Push, { events }: Facts): readonly string[] {
  const of = [...events.values()].find((list) =>
    intents(list).some(({ intent }) => branchOf(intent) === branch && intent.revision === commit),
  )
  if (of === undefined) return [`${commit} was pushed to ${branch} without an intent`]
  const end = of.find(({ type }) => type === 'ended')
  const late = end !== undefined && at > end.at
  return late ? [`${branch} was pushed ${at - end.at} ms after the end of its job`] : []
}

/** Said here once more: the part of a target behind its repository. */
const branchOf = ({ target }: { readonly target: string }): string =>
  target.slice(target.lastIndexOf('#') + 1)

const intents = (events: readonly JobEvent[]) =>
  events.filter((event) => event.type === 'publication-intended')

/** Events that somebody asked to be told of and was not. */
function untold(id: JobId, { events, told }: Facts): readonly string[] {
  const heard = new Set(told.filter(({ job }) => job === id).map(({ seq }) => seq))
  return (events.get(id) ?? [])
    .filter(({ type, seq }) => CallbackEvent.safeParse(type).success && !heard.has(seq))
    .map(({ type, seq }) => `nobody was told of event ${seq} of ${id}: ${type}`)
}

/** One event under two ids, or one id with two bodies: a receiver could not know the repeat. */
function toldAsTwo(one: Told, { told }: Facts): readonly string[] {
  const first = told.find(
    ({ job, seq, id }) => (job === one.job && seq === one.seq) || id === one.id,
  )
  return first === undefined || (first.id === one.id && first.body === one.body)
    ? []
    : [`${first.id} and ${one.id} tell of event ${one.seq} of ${one.job}`]
}

/** A message whose cause was never written down. */
function neverHappened({ id, job, seq, event }: Told, { events }: Facts): readonly string[] {
  const cause = [...events].find(([of]) => of === job)?.[1].find((one) => one.seq === seq)
  return cause?.type === event ? [] : [`${id} tells of ${event}, which never happened`]
}
