import { z } from 'zod'
import { CallbackEvent } from '../../src/domain/callback.ts'
import type { JobEvent } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import { isTerminal } from '../../src/domain/state.ts'
import { lostInputs, lostOutputs, madeTwice } from './check-files.ts'
import {
  lostWork,
  neverIntended,
  pastHold,
  publishedTwice,
  pushedTwice,
  strangePush,
} from './check-publications.ts'
import type { Asked, Facts, Told, Verdict } from './evidence.ts'

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
      ...facts.jobs.flatMap((job) => pushedTwice(job.id, facts)),
      ...facts.jobs.flatMap((job) => publishedTwice(job.id, facts)),
      ...facts.jobs.flatMap((job) => paidTwice(job.id, facts)),
      ...facts.jobs.flatMap((job) => madeTwice(job.id, facts)),
      ...facts.told.flatMap((told) => toldAsTwo(told, facts)),
    ],
    staleAccepted: [
      ...facts.jobs.flatMap((job) => staleEvents(job.id, facts)),
      ...facts.pushes.flatMap((push) => strangePush(push, facts)),
      ...facts.jobs.flatMap((job) => neverIntended(job.id, facts)),
      ...facts.asked.flatMap((one) => pastHold(one, facts)),
      ...facts.told.flatMap((told) => neverHappened(told, facts)),
    ],
    orphaned: facts.left,
  }
}

export const isClean = (verdict: Verdict): boolean =>
  Object.values(verdict).every((list) => list.length === 0)

function lost(asked: Asked, facts: Facts): readonly string[] {
  const { title, acknowledged, ends } = asked
  if (acknowledged === null) return [`${title} was never acknowledged`]
  const job = facts.jobs.find(({ id }) => id === acknowledged)
  if (job === undefined) return [`${title} was acknowledged and is gone`]
  if (!isTerminal(job.state)) return [`${title} is still ${job.state}`]
  if (!ends.includes(job.state)) return [`${title} ended ${job.state}: ${job.reason} ${job.detail}`]
  return [
    ...neverMet(job.id, asked, facts),
    ...lostWork(job, asked, facts),
    ...lostInputs(job, asked, facts),
    ...lostOutputs(job, asked, facts),
  ]
}

/** No attempt ended for the reason that one had to end for. */
function neverMet(id: JobId, { title, meets }: Asked, { events }: Facts): readonly string[] {
  if (meets === null) return []
  const reasons = (events.get(id) ?? []).flatMap((event) => {
    if (event.type === 'requeued') return [event.reason]
    return event.type === 'ended' ? [event.settlement.reason] : []
  })
  return reasons.includes(meets) ? [] : [`${title} met ${reasons.join(', ')}, but not ${meets}`]
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
