// What was published, compared with what was intended and with what the remote holds. Everything is
// said here once more, not taken from the code: that may be what is broken.
import type { JobEvent } from '../../src/domain/event.ts'
import type { JobId } from '../../src/domain/id.ts'
import type { Job } from '../../src/domain/job.ts'
import type { Publication } from '../../src/domain/publication.ts'
import type { Asked, Facts, Push } from './evidence.ts'

/** A publication or an intent, as far as two of them are compared. */
type Published = Pick<Publication, 'kind' | 'target' | 'revision'>

/** A branch that is not where its succeeded job says, or does not contain what was asked for. */
export function lostWork(job: Job, { title, holds }: Asked, { tips, works }: Facts) {
  const { publication } = job
  if (job.state !== 'succeeded' || publication?.kind !== 'branch') return []
  const branch = branchOf(publication)
  const tip = tips.get(branch)
  if (tip !== publication.revision) {
    return [`${title}: ${branch} is at ${tip}, not at ${publication.revision}`]
  }
  const work = works.get(branch) ?? ''
  return work.includes(holds) ? [] : [`${title}: the work on ${branch} lacks ${holds}: ${work}`]
}

export function pushedTwice(id: JobId, { events, pushes }: Facts): readonly string[] {
  const branches = new Set(intents(events.get(id) ?? []).map(({ intent }) => branchOf(intent)))
  return [...branches].flatMap((branch) => {
    const times = pushes.filter((push) => push.branch === branch).length
    return times > 1 ? [`${branch} was pushed ${times} times`] : []
  })
}

/** More than one target and revision that a job says it has published, whatever attempt says so. */
export function publishedTwice(id: JobId, { events }: Facts): readonly string[] {
  const all = new Set(publications(events.get(id) ?? []).map(({ of }) => nameOf(of)))
  return all.size > 1 ? [`${id} published ${[...all].join(' and ')}`] : []
}

/** A publication, made or adopted, that no attempt of the job had intended before. */
export function neverIntended(id: JobId, { events }: Facts): readonly string[] {
  const all = events.get(id) ?? []
  return publications(all).flatMap(({ of, seq }) => {
    const before = intents(all).filter((event) => event.seq < seq)
    const isIntended = before.some(({ intent }) => nameOf(intent) === nameOf(of))
    return isIntended ? [] : [`event ${seq} of ${id} publishes ${nameOf(of)} without an intent`]
  })
}

/** A push that no attempt had announced, or that came when its job had ended. */
export function strangePush({ branch, commit, at }: Push, { events }: Facts): readonly string[] {
  const of = [...events.values()].find((list) =>
    intents(list).some(({ intent }) => branchOf(intent) === branch && intent.revision === commit),
  )
  if (of === undefined) return [`${commit} was pushed to ${branch} without an intent`]
  const end = of.find(({ type }) => type === 'ended')
  const late = end !== undefined && at > end.at
  return late ? [`${branch} was pushed ${at - end.at} ms after the end of its job`] : []
}

/** An intent that the ledger recorded when every moment its hold can have reached was over. */
export function pastHold({ title, acknowledged, hold }: Asked, { events }: Facts) {
  if (acknowledged === null || hold.length === 0) return []
  return intents(events.get(acknowledged) ?? []).flatMap(({ at, seq }) => {
    const asked = hold.filter(({ askedAt }) => askedAt <= at + CLOCKS_MS)
    const until = Math.max(...asked.map((one) => one.until))
    return at < until ? [] : [`event ${seq} of ${title}: intended ${at - until} ms after its hold`]
  })
}

/** By how much the clocks of ledger and client may differ: they are of one machine. */
const CLOCKS_MS = 50

/** The part of a target behind its repository. */
const branchOf = ({ target }: Pick<Published, 'target'>): string =>
  target.slice(target.lastIndexOf('#') + 1)

const nameOf = ({ kind, target, revision }: Published): string => `${kind} ${target} ${revision}`

const intents = (events: readonly JobEvent[]) =>
  events.filter((event) => event.type === 'publication-intended')

/** What the attempts tell as published, and what the end says. */
const publications = (events: readonly JobEvent[]) =>
  events.flatMap((event): readonly { of: Published; seq: number }[] => {
    if (event.type === 'published') return [{ of: event.publication, seq: event.seq }]
    if (event.type !== 'ended' || event.settlement.kind !== 'succeeded') return []
    const { publication } = event.settlement
    return publication === null ? [] : [{ of: publication, seq: event.seq }]
  })
