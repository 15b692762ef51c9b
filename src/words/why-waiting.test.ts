import { describe, expect, it } from 'vitest'
import { hint, hintText } from '../domain/hint.ts'
import { newJobId } from '../domain/id.ts'
import { Limits } from '../domain/limits.ts'
import type { Job } from '../domain/job.ts'
import type { UnmetDemand } from '../domain/lack.ts'
import { RetryPolicy } from '../domain/retry.ts'
import { whyClosed, whyHeldBack, whyNotTaken, whyNoWorker } from './why-waiting.ts'

const NOW = 1_800_000_000_000
const LONG_AGO = NOW - 46_000

const job = (labels: readonly string[], demands: readonly string[] = []): Job => ({
  id: newJobId(NOW, (size) => new Uint8Array(size)),
  kind: 'code',
  title: 'x',
  payload: {},
  state: 'queued',
  reason: null,
  detail: '',
  priority: 0,
  labels: [...labels],
  locks: [],
  limits: Limits.parse({}),
  retry: RetryPolicy.parse({}),
  group: null,
  submittedBy: null,
  origin: null,
  holdUntil: null,
  demands: [...demands],
  attempt: 0,
  deferrals: 0,
  failures: 0,
  step: null,
  worker: null,
  sandbox: null,
  leaseUntil: null,
  renewedAt: null,
  notBefore: null,
  parkedOn: null,
  parkedBehind: null,
  cancelRequestedAt: null,
  cancelRequestedBy: null,
  resumeAt: null,
  publication: null,
  summary: null,
  usage: null,
  retryOf: null,
  createdAt: NOW,
  startedAt: null,
  endedAt: null,
})

const worker = (changes: {
  kinds?: string[]
  labels?: string[]
  offers?: string[]
  restrictedTo?: string[] | null
  seenAt?: number
  running?: number
}) => ({
  id: 'w',
  bootId: 'b',
  name: 'anvil',
  version: '0.1.0',
  slots: 2,
  kinds: ['code'],
  labels: ['gpu'],
  offers: [],
  restrictedTo: null,
  sandbox: 'bubblewrap' as const,
  seenAt: NOW,
  running: 2,
  ...changes,
})

/** As the kind of the job says it. */
const lackOf = (demand: string): UnmetDemand | null =>
  demand === 'agent:codex'
    ? {
        noun: 'the agent codex',
        what: 'no worker offers the agent codex',
        cure: hint('install it'),
      }
    : null

describe('a ready job', () => {
  it.each([
    ['no worker is known', [], [], 'no worker is connected; start one with: millwright worker'],
    ['all are away', [], [worker({ seenAt: LONG_AGO, running: 0 })], 'no worker is connected'],
    [
      'one works on a long lease',
      [],
      [worker({ seenAt: LONG_AGO })],
      'for a free slot; 1 connected worker can run the job',
    ],
    [
      'none supports its kind',
      [],
      [worker({ kinds: ['site'] })],
      'no worker supports the kind code',
    ],
    [
      'the token of the only one permits other jobs',
      [],
      [worker({ restrictedTo: ['kind:site'] })],
      'the token of every suitable worker forbids the job',
    ],
    [
      'none has its labels',
      ['gpu', 'mac'],
      [worker({})],
      'no worker has the labels gpu and mac; restart `up` or `worker` with --label gpu --label mac; on another machine, use: millwright worker --hub <url> --token-file <file> --label gpu --label mac',
    ],
    [
      'none runs on its operating system',
      ['gpu', 'os:freebsd'],
      [worker({ offers: ['os:linux'] })],
      'no worker offers os:freebsd',
    ],
    [
      'all on its operating system are busy',
      ['gpu', 'os:linux'],
      [worker({ offers: ['os:linux'] })],
      'for a free slot; 1 connected worker can run the job',
    ],
    ['all are busy', ['gpu'], [worker({})], 'for a free slot; 1 connected worker can run the job'],
  ])('waits because %s, and says so', (_, labels, workers, words) => {
    expect(hintText(whyNotTaken(job(labels), workers, NOW, lackOf))).toContain(words)
  })

  it.each([
    ['an agent', [['repo:*']], 'no worker offers the agent codex', '; install it'],
    [
      'a repository',
      [['agent:codex', 'repo:/srv/*']],
      'no worker offers repo:https://a.example/x',
      '; to see what each worker offers, use: millwright workers',
    ],
    [
      'both at once',
      [['agent:codex'], ['repo:*']],
      'no single worker offers all of: the agent codex, repo:https://a.example/x',
      '; to see what each worker offers, use: millwright workers',
    ],
  ])('waits because no worker offers %s, and says so', (_, offers, what, cure) => {
    const asked = job([], ['agent:codex', 'repo:https://a.example/x'])
    const workers = offers.map((offered) => worker({ offers: offered }))
    expect(hintText(whyNotTaken(asked, workers, NOW, lackOf))).toBe(what + cure)
    expect(whyNoWorker(asked, workers, NOW, lackOf)?.what).toBe(what)
  })

  it('names the label and the demands that no single worker meets, but none that all meet', () => {
    const asked = job(['gpu', 'os:linux'], ['agent:codex', 'agent:command'])
    const offers = ['os:linux', 'agent:command']
    const workers = [
      worker({ labels: ['gpu'], offers }),
      worker({ labels: [], offers: [...offers, 'agent:codex'] }),
    ]
    expect(whyNoWorker(asked, workers, NOW, lackOf)?.what).toBe(
      'no single worker offers all of: the label gpu, the agent codex',
    )
  })

  it('names a label that a worker has, and another that only another worker has', () => {
    const workers = [worker({ labels: ['gpu'] }), worker({ labels: ['mac'] })]
    expect(whyNoWorker(job(['gpu', 'mac']), workers, NOW, lackOf)?.what).toBe(
      'no single worker offers all of: the label gpu, the label mac',
    )
  })

  it('lacks no worker when one offers all that it demands, however busy', () => {
    const asked = job(['gpu'], ['agent:codex', 'repo:https://a.example/x'])
    const workers = [worker({ offers: ['agent:codex', 'repo:*'] })]
    expect(whyNoWorker(asked, workers, NOW, lackOf)).toBeNull()
    expect(whyNotTaken(asked, workers, NOW, lackOf).text).toBe(
      'for a free slot; 1 connected worker can run the job',
    )
  })
})

describe('a job that waits for a lock', () => {
  it('names the lock, and the job that holds it when the hub says so', () => {
    const parked = { ...job([]), parkedOn: 'site:a' }
    expect(whyHeldBack(parked)).toBe('for the lock site:a')
    expect(whyHeldBack({ ...parked, parkedBehind: parked.id })).toBe(
      `for the lock site:a, held by job ${parked.id.slice(-12)}`,
    )
  })
})

const away = (key: string, covers: string, reason: 'model-unavailable' | 'quota-exhausted') => ({
  key,
  covers: [covers],
  reason,
  detail: '',
  since: NOW,
  until: NOW + 60_000,
  tries: 1,
})

describe('a job that needs something closed', () => {
  const HOST = away('host:https://git.example', 'repo:https://git.example/*', 'model-unavailable')
  const ACCOUNT = away('model:https://api.example#1a2b3c4d', 'model:openai', 'quota-exhausted')
  const waiting = job([], ['repo:https://git.example/app', 'model:openai'])

  it('waits for the host, until its next try', () => {
    expect(hintText(whyClosed(waiting, [HOST], NOW)!)).toMatch(
      /^for the host https:\/\/git\.example, which does not answer; next try at 2027-.*: millwright resume /,
    )
  })

  it('waits for the quota of the account, whose key is not shown', () => {
    expect(hintText(whyClosed(waiting, [ACCOUNT], NOW)!)).toMatch(
      /^for the model https:\/\/api\.example, whose quota is used up until 2027-/,
    )
  })

  it('waits for nothing else than what it needs, and no longer than until the next try', () => {
    expect(whyClosed(job([], ['repo:https://other.example/app']), [HOST], NOW)).toBeNull()
    expect(whyClosed(waiting, [HOST], HOST.until)).toBeNull()
  })
})
