import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { JobEvent } from '../../src/domain/event.ts'
import { newJobId } from '../../src/domain/id.ts'
import { Job } from '../../src/domain/job.ts'
import { Limits } from '../../src/domain/limits.ts'
import { Settlement } from '../../src/domain/outcome.ts'
import { RetryPolicy } from '../../src/domain/retry.ts'
import { check, isClean } from './checker.ts'
import type { Asked, Facts, Told } from './evidence.ts'

const id = newJobId(1_800_000_000_000, randomBytes)
const [COMMIT, OTHER] = ['a'.repeat(40), 'b'.repeat(40)]
const [DIGEST, OTHER_DIGEST] = ['d'.repeat(64), 'e'.repeat(64)]
const publication = { kind: 'branch', target: '/r#work', revision: COMMIT }
const intent = publication
const settlement = Settlement.parse({ kind: 'succeeded', reason: 'published', publication })

/** Two attempts, of which the first was lost and the second published. */
const EVENTS = [
  { type: 'submitted', retryOf: null, attempt: null },
  { type: 'claimed', worker: 'w', bootId: 'b', sandbox: 'none', leaseUntil: 1, attempt: 1 },
  { type: 'requeued', reason: 'worker-lost', detail: '', failures: 0, notBefore: null, attempt: 1 },
  { type: 'claimed', worker: 'w', bootId: 'b', sandbox: 'none', leaseUntil: 1, attempt: 2 },
  { type: 'publication-intended', intent, attempt: 2 },
  { type: 'ended', settlement, failures: 0, attempt: 2 },
].map((event, index) => JobEvent.parse({ ...event, seq: index + 1, at: 100 * index }))

const aJob = (change: Partial<z.input<typeof Job>> = {}): Job =>
  Job.parse({
    id,
    title: 'work',
    state: 'succeeded',
    reason: 'published',
    publication,
    attempt: 2,
    kind: 'code',
    payload: {},
    detail: '',
    priority: 0,
    labels: [],
    locks: [],
    failures: 0,
    limits: Limits.parse({}),
    retry: RetryPolicy.parse({}),
    step: null,
    worker: null,
    sandbox: null,
    leaseUntil: null,
    notBefore: null,
    parkedOn: null,
    parkedBehind: null,
    resumeAt: null,
    cancelRequestedAt: null,
    summary: null,
    usage: null,
    retryOf: null,
    group: null,
    submittedBy: null,
    origin: null,
    holdUntil: null,
    demands: [],
    createdAt: 0,
    startedAt: 100,
    endedAt: 500,
    ...change,
  })

/** What the receiver of callbacks is told of an event; nothing of most. */
const tell = ({ seq, type }: JobEvent): readonly Told[] =>
  ['claimed', 'requeued', 'ended'].includes(type)
    ? [{ id: `msg-${seq}`, job: id, seq, event: type, body: '{}' }]
    : []

const ASKED: Asked = {
  title: 'work',
  acknowledged: id,
  ends: ['succeeded'],
  meets: null,
  holds: 'whole',
  inputs: {},
  outputs: {},
  hold: [],
}
const asked = (change: Partial<Asked>) => ({ asked: [{ ...ASKED, ...change }] })

/** A world in which all is well, but for what the test changes. */
const aWorld = (change: Partial<Facts> = {}, events: readonly JobEvent[] = EVENTS): Facts => ({
  asked: [ASKED],
  jobs: [aJob()],
  events: new Map([[id, events]]),
  differing: [],
  pushes: [{ branch: 'work', commit: COMMIT, at: 450 }],
  tips: new Map([['work', COMMIT]]),
  works: new Map([['work', 'the whole work']]),
  inputs: new Map(),
  artifacts: new Map(),
  unreadable: [],
  told: events.flatMap(tell),
  left: [],
  ...change,
})

/** What the checker calls stale of a job whose intent was recorded at 400. */
const staleUnder = (...hold: Asked['hold']): readonly string[] =>
  check(aWorld(asked({ hold }))).staleAccepted

const job = (change: Partial<z.input<typeof Job>>) => ({ jobs: [aJob(change)] })
const word = (attempt: number): JobEvent =>
  JobEvent.parse({ type: 'note', code: 'x', text: 'y', attempt, seq: 7, at: 0 })

const finished = { attempt: 1, session: null, summary: '' }
const brokenOff = { ...finished, summary: null }
const notFound = { type: 'note', code: 'work-not-found', text: 'y', attempt: 2 }
const checkpoint = (work: object | null, attempt = 1) => ({
  type: 'checkpoint',
  checkpoint: { step: 'agent', product: { work } },
  attempt,
})
const spoilt = {
  type: 'requeued',
  reason: 'workspace-failed',
  detail: '',
  failures: 1,
  notBefore: null,
  attempt: 2,
}
const failed = (attempt: number) => ({
  type: 'check-finished',
  check: 'whole',
  passed: false,
  durationMs: 1,
  attempt,
})
const generated = (made: number | null) => ({
  type: 'checkpoint',
  checkpoint: {
    step: 'generate',
    product: { outputs: made === null ? null : { attempt: made, files: [] } },
  },
  attempt: 1,
})
const published = (of: object) => ({ type: 'published', publication: of, attempt: 2 })
const agent = (attempt: number) => ({ type: 'agent-started', agent: 'command', attempt })

/** The same two attempts, with what either of them tells of its agent. */
const withAgents = (first: readonly object[], second: readonly object[]): readonly JobEvent[] =>
  EVENTS.toSpliced(4, 0, ...second.map(placeless))
    .toSpliced(2, 0, ...first.map(placeless))
    .map((event, index) => ({ ...event, seq: index + 1 }))
const placeless = (event: object): JobEvent => JobEvent.parse({ ...event, seq: 1, at: 0 })
const push = { branch: 'work', commit: COMMIT, at: 450 }

describe('the checker', () => {
  it('has nothing against a job that was taken over and published once', () => {
    expect(isClean(check(aWorld()))).toBe(true)
  })

  it.each<[string, Partial<Facts>]>([
    ['was acknowledged and is gone', { jobs: [] }],
    ['was never acknowledged', asked({ acknowledged: null })],
    ['is still running', job({ state: 'running' })],
    ['ended failed', job({ state: 'failed', reason: 'push-refused' })],
    ['is published elsewhere', { tips: new Map([['work', OTHER]]) }],
    ['is published with other work', { works: new Map([['work', 'half of it']]) }],
    ['never met the end that it had to meet', asked({ meets: 'hold-lapsed' })],
    ['lost an input', asked({ inputs: { data: DIGEST } })],
    ['has another input', { inputs: new Map([[id, [{ name: 'data', digest: DIGEST }]]]) }],
    ['is told otherwise by its events', { differing: ['row and events differ'] }],
    ['has lost an artifact', { unreadable: ['report.json'] }],
  ])('calls a job lost that %s', (_, change) => {
    expect(check(aWorld(change)).lost).toHaveLength(1)
  })

  it('counts a job made twice, ended twice and pushed twice', () => {
    const again = aJob({ id: newJobId(1_800_000_000_001, randomBytes) })
    expect(check(aWorld({ jobs: [aJob(), again] })).duplicated).toHaveLength(1)
    expect(check(aWorld({ pushes: [push, push] })).duplicated).toHaveLength(1)
    const end = JobEvent.parse({ ...EVENTS.at(-1), seq: 7 })
    expect(check(aWorld({}, [...EVENTS, end])).duplicated).toHaveLength(1)
  })

  it('counts an agent that is paid for what an earlier attempt had finished', () => {
    const first = [agent(1), checkpoint(finished)]
    expect(isClean(check(aWorld({}, withAgents(first, []))))).toBe(true)
    expect(check(aWorld({}, withAgents(first, [agent(2)]))).duplicated).toHaveLength(1)
  })

  it('counts an agent that begins anew where it was to answer a check, and one that no check called', () => {
    const first = [agent(1), checkpoint(finished), failed(1), agent(1)]
    expect(isClean(check(aWorld({}, withAgents(first, [failed(2), agent(2)]))))).toBe(true)
    expect(check(aWorld({}, withAgents(first, [agent(2)]))).duplicated).toHaveLength(1)
    const again = [failed(2), agent(2), checkpoint(finished, 2)]
    expect(check(aWorld({}, withAgents(first, again))).duplicated).toHaveLength(1)
    const second = [failed(2), agent(2), checkpoint({ ...finished, iteration: 2 }, 2)]
    expect(isClean(check(aWorld({}, withAgents(first, second))))).toBe(true)
    expect(check(aWorld({}, withAgents(first, [...second, agent(2)]))).duplicated).toHaveLength(1)
  })

  it('counts an agent that is paid again because the finished work came out otherwise', () => {
    const third = { ...EVENTS[3], attempt: 3 }
    const second = [checkpoint(null, 2), spoilt, third, agent(3)]
    const events = withAgents([agent(1), checkpoint(finished)], second)
    expect(check(aWorld({}, events)).duplicated).toHaveLength(1)
  })

  it.each<[string, readonly object[], readonly object[]]>([
    ['had nothing finished', [agent(1)], []],
    ['had to break off', [agent(1), checkpoint(brokenOff)], []],
    ['discarded it', [agent(1), checkpoint(finished), checkpoint(null)], []],
    ['left what cannot be found', [agent(1), checkpoint(finished)], [notFound]],
  ])('allows an agent where the earlier attempt %s', (_, first, second) => {
    expect(isClean(check(aWorld({}, withAgents(first, [...second, agent(2)]))))).toBe(true)
  })

  it('finds the end that a job had to meet among those of all its attempts', () => {
    expect(isClean(check(aWorld(asked({ meets: 'worker-lost' }))))).toBe(true)
  })

  it('knows the inputs of a job by name and digest', () => {
    const world = (digest: string) => ({
      ...asked({ inputs: { data: DIGEST } }),
      inputs: new Map([[id, [{ name: 'data', digest }]]]),
    })
    expect(isClean(check(aWorld(world(DIGEST))))).toBe(true)
    expect(check(aWorld(world(OTHER_DIGEST))).lost).toHaveLength(1)
  })

  it('counts files of a generator that are missing, are others, or are of another attempt', () => {
    const events = withAgents([agent(1), generated(1)], [])
    const world = (attempt: number, name: string, digest: string | null) =>
      aWorld(
        {
          ...asked({ outputs: { model: DIGEST } }),
          artifacts: new Map([[id, [{ attempt, name: `outputs/${name}`, digest }]]]),
        },
        events,
      )
    expect(isClean(check(world(1, 'model', DIGEST)))).toBe(true)
    expect(check(world(1, 'model', OTHER_DIGEST)).lost).toHaveLength(1)
    expect(check(world(1, 'model', null)).lost).toHaveLength(1)
    expect(check(world(2, 'model', DIGEST)).lost).toHaveLength(1)
    // One is missing, and one was not to be made.
    expect(check(world(1, 'other', DIGEST)).lost).toHaveLength(2)
    expect(check(aWorld(asked({ outputs: { model: DIGEST } }))).lost).toHaveLength(1)
  })

  it('counts a program that runs again although its files are recorded', () => {
    const first = [agent(1), generated(1)]
    expect(isClean(check(aWorld({}, withAgents(first, []))))).toBe(true)
    expect(isClean(check(aWorld({}, withAgents([agent(1)], [agent(2)]))))).toBe(true)
    expect(check(aWorld({}, withAgents(first, [agent(2)]))).duplicated).toHaveLength(1)
    const again = [generated(null), agent(2)]
    expect(check(aWorld({}, withAgents(first, again))).duplicated).toHaveLength(1)
  })

  it('counts a job that publishes twice, whether or not it meant to', () => {
    const more = { ...publication, revision: OTHER }
    const intended = { type: 'publication-intended', intent: more, attempt: 1 }
    const world = (...told: readonly object[]) => check(aWorld({}, withAgents([intended], told)))
    expect(world(published(more)).duplicated).toHaveLength(1)
    expect(world(published({ ...publication, target: '/r#other' })).duplicated).toHaveLength(1)
    expect(isClean(world())).toBe(true)
  })

  it('counts a publication that no attempt intended before', () => {
    const early = withAgents([{ type: 'published', publication, attempt: 1 }], [])
    expect(check(aWorld({}, early)).staleAccepted).toHaveLength(1)
    const without = EVENTS.filter(({ type }) => type !== 'publication-intended')
    // The push has no intent either.
    expect(check(aWorld({}, without)).staleAccepted).toHaveLength(2)
    const adopted = [{ type: 'publication-intended', intent: publication, attempt: 1 }]
    expect(isClean(check(aWorld({}, withAgents(adopted, []))))).toBe(true)
  })

  it('counts an intent after every moment that the hold can have reached', () => {
    expect(staleUnder({ until: 401, askedAt: 0 })).toEqual([])
    expect(staleUnder({ until: 400, askedAt: 0 })).toHaveLength(1)
    expect(staleUnder({ until: 300, askedAt: 0 }, { until: 900, askedAt: 200 })).toEqual([])
    // Asked for when the intent was recorded already.
    expect(staleUnder({ until: 300, askedAt: 0 }, { until: 900, askedAt: 500 })).toHaveLength(1)
  })

  it('counts words of an attempt that was taken over, and words after the end', () => {
    expect(check(aWorld({}, EVENTS.toSpliced(4, 0, word(1)))).staleAccepted).toHaveLength(1)
    expect(check(aWorld({}, [...EVENTS, word(2)])).staleAccepted).toHaveLength(1)
  })

  it('counts a push that nobody announced, and one after the end', () => {
    expect(check(aWorld({ pushes: [{ ...push, commit: OTHER }] })).staleAccepted).toHaveLength(1)
    expect(check(aWorld({ pushes: [{ ...push, at: 501 }] })).staleAccepted).toHaveLength(1)
  })

  it('counts events that nobody was told of', () => {
    const told = EVENTS.flatMap(tell)
    expect(isClean(check(aWorld({ told: [...told, ...told] })))).toBe(true)
    expect(check(aWorld({ told: told.slice(1) })).lost).toHaveLength(1)
  })

  it('counts an event told under two ids, and in two ways', () => {
    const [first, ...others] = EVENTS.flatMap(tell)
    if (first === undefined) throw new Error('no event is told of')
    const told = [first, ...others]
    expect(check(aWorld({ told: [...told, { ...first, id: 'x' }] })).duplicated).toHaveLength(1)
    expect(check(aWorld({ told: [...told, { ...first, body: 'x' }] })).duplicated).toHaveLength(1)
  })

  it('counts a message of what never happened', () => {
    const told = { id: 'x', job: id, seq: 99, event: 'ended', body: '{}' }
    const all = [...EVENTS.flatMap(tell), told]
    expect(check(aWorld({ told: all })).staleAccepted).toHaveLength(1)
  })

  it('counts what is left behind', () => {
    expect(check(aWorld({ left: ['lock site:a'] })).orphaned).toEqual(['lock site:a'])
  })
})
