import { describe, expect, it } from 'vitest'
import { RetryPolicy } from '../../../src/domain/retry.ts'
import type { JobFilter, JobPage } from '../../../src/ledger/job-page.ts'
import type { Notification } from '../../../src/ledger/port.ts'
import { NO_TOTALS } from '../../../src/domain/totals.ts'
import { NO_USAGE } from '../../../src/domain/usage-report.ts'
import { Usage } from '../../../src/domain/outcome.ts'
import {
  claimed,
  FAILED,
  refusal,
  nextJob,
  NO_JOB,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const ALL = { filter: {}, after: null, limit: 100 }

export function readingConformance(open: OpenLedger): void {
  describe('lists', () => {
    it('jobs come newest first, page by page', async () => {
      const { ledger } = await open()
      const ids = []
      for (let count = 0; count < 5; count += 1) ids.unshift(await submitted(ledger))
      const first = await ledger.jobs({ ...ALL, limit: 2 })
      const rest = await ledger.jobs({ ...ALL, after: first[1]!.id })
      expect([...first, ...rest].map(({ id }) => id)).toEqual(ids)
      expect(await refusal(ledger.jobs({ ...ALL, after: NO_JOB }))).toBe('cursor-invalid')
    })

    it('jobs are found by state, kind, label, words and time', async () => {
      const { ledger, advance } = await open()
      const ended = await submitted(ledger, { title: 'Écrire 100% of_it', labels: ['gpu'] })
      await ledger.settle(await claimed(ledger, { labels: ['gpu'] }), SUCCEEDED, null)
      advance(1000)
      const waiting = await submitted(ledger, { kind: 'site', title: 'Write 100 of it' })
      const { createdAt } = await ledger.job(waiting)
      const find = async (filter: object) =>
        (await ledger.jobs({ ...ALL, filter })).map(({ id }) => id)

      expect(await find({ states: ['succeeded'] })).toEqual([ended])
      expect(await find({ states: ['succeeded', 'queued'] })).toEqual([waiting, ended])
      expect(await find({ kind: 'site' })).toEqual([waiting])
      expect(await find({ label: 'gpu' })).toEqual([ended])
      expect(await find({ label: 'gp' })).toEqual([])
      expect(await find({ text: 'éCRIRE' })).toEqual([ended])
      expect(await find({ text: '0%' })).toEqual([ended])
      expect(await find({ text: 'of_it' })).toEqual([ended])
      expect(await find({ text: waiting.slice(-12).toUpperCase() })).toEqual([waiting])
      expect(await find({ createdFrom: createdAt })).toEqual([waiting])
      expect(await find({ createdBefore: createdAt })).toEqual([ended])
    })

    it('jobs of a group come newest first, whatever their states', async () => {
      const { ledger } = await open()
      const group = 'nightly'
      const ended = await submitted(ledger, { group })
      await ledger.settle(await claimed(ledger), SUCCEEDED, null)
      const running = await submitted(ledger, { group })
      await claimed(ledger)
      await submitted(ledger, { group: 'nightly2' })
      await submitted(ledger)
      const waiting = await submitted(ledger, { group, kind: 'site' })
      const find = async (filter: JobFilter, page: Partial<JobPage> = {}) =>
        (await ledger.jobs({ ...ALL, ...page, filter: { group, ...filter } })).map(({ id }) => id)

      expect(await find({})).toEqual([waiting, running, ended])
      expect(await find({}, { limit: 2 })).toEqual([waiting, running])
      expect(await find({}, { after: running })).toEqual([ended])
      expect(await find({ states: ['succeeded', 'queued'] })).toEqual([waiting, ended])
      expect(await find({ kind: 'code' })).toEqual([running, ended])
      expect(await find({ group: 'none' })).toEqual([])
    })

    it('jobs are found by whether another job continues them', async () => {
      const { ledger } = await open()
      const failed = await submitted(ledger, { retry: ONCE })
      await ledger.settle(await claimed(ledger), FAILED, null)
      const again = await submitted(ledger, { retryOf: failed })
      const find = async (continued: boolean) =>
        (await ledger.jobs({ ...ALL, filter: { continued } })).map(({ id }) => id)
      expect(await find(true)).toEqual([failed])
      expect(await find(false)).toEqual([again])
    })

    it('totals count the newest job of each piece of work, and the usage of all', async () => {
      const { ledger } = await open()
      const group = 'nightly'
      expect(await ledger.totals(group)).toEqual(NO_TOTALS)
      const used = Usage.parse({ requests: 1, inputTokens: 10, costUsd: 0.25, models: ['m'] })
      const failed = await submitted(ledger, { group, retry: ONCE })
      await ledger.settle(await claimed(ledger), FAILED, used)
      await submitted(ledger, { group, retryOf: failed })
      await ledger.settle(await claimed(ledger), SUCCEEDED, used)
      await submitted(ledger, { group })
      const why = { reason: 'waiting-for-person', detail: '' } as const
      await ledger.pause(await claimed(ledger), why, null)
      await submitted(ledger, { group })
      const quota = { reason: 'quota-exhausted', detail: '', resumeAt: 9e12 } as const
      await ledger.pause(await claimed(ledger), quota, null)
      await submitted(ledger, { group })
      await claimed(ledger)
      await submitted(ledger, { group })
      await submitted(ledger, { group: 'nightly2' })
      expect(await ledger.totals(group)).toEqual({
        jobs: { queued: 1, running: 1, paused: 2, succeeded: 1, failed: 0, cancelled: 0 },
        continued: 1,
        waitingForPerson: 1,
        usage: { ...NO_USAGE, jobs: 6, inputTokens: 20, costUsd: 0.5 },
      })
    })

    it('counts follow every change', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      await submitted(ledger)
      await submitted(ledger, { kind: 'site' })
      await ledger.settle(await claimed(ledger), SUCCEEDED, null)
      expect(await ledger.counts()).toEqual([
        { kind: 'code', state: 'queued', jobs: 1 },
        { kind: 'code', state: 'succeeded', jobs: 1 },
        { kind: 'site', state: 'queued', jobs: 1 },
      ])
    })

    it('an unknown job is refused with job-not-found', async () => {
      const { ledger } = await open()
      expect(await refusal(ledger.job(NO_JOB))).toBe('job-not-found')
      expect(await refusal(ledger.events(NO_JOB, 0, 10))).toBe('job-not-found')
      expect(await refusal(ledger.artifacts(NO_JOB))).toBe('job-not-found')
      expect(await ledger.attempt(NO_JOB, 1)).toBeNull()
    })

    it('a ledger belongs to the store it was first opened with', async () => {
      const { ledger } = await open()
      await ledger.bindStore('one')
      await ledger.bindStore('one')
      expect(await refusal(ledger.bindStore('other'))).toBe('store-foreign')
    })

    it('the probe writes and reads', async () => {
      const { ledger } = await open()
      await expect(ledger.checkWritable()).resolves.toBeUndefined()
      await expect(ledger.checkWritable()).resolves.toBeUndefined()
    })
  })

  describe('notifications', () => {
    it('a committed change notifies once; a refused change and a removed listener never', async () => {
      const { ledger } = await open()
      const heard: Notification[] = []
      const stop = ledger.subscribe((notification) => heard.push(notification))
      const jobId = await submitted(ledger)
      expect(heard).toEqual([{ kind: 'job', jobId }, { kind: 'ready' }])
      heard.length = 0

      expect(await refusal(ledger.resume(jobId, 'ada'))).toBe('job-not-paused')
      expect(heard).toEqual([])
      stop()
      await ledger.requestCancel(jobId, 'ada')
      expect(heard).toEqual([])
    })

    it('a released key, a resumed job and an ended backoff notify `ready`', async () => {
      const { ledger, advance } = await open()
      let ready = 0
      ledger.subscribe((notification) => (ready += notification.kind === 'ready' ? 1 : 0))
      const heard = async (change: () => Promise<unknown>) => {
        ready = 0
        await change()
        return ready
      }
      await submitted(ledger, { locks: ['a'] })
      await submitted(ledger, { locks: ['b'], retry: { ...BACKING_OFF } })
      const holder = await claimed(ledger)
      await submitted(ledger, { locks: ['a'] })
      expect(await heard(() => ledger.settle(holder, SUCCEEDED, null))).toBe(1)

      const failing = await claimed(ledger)
      await ledger.settle(failing, { kind: 'failed', reason: 'agent-failed', detail: '' }, null)
      const again = await claimed(ledger)
      await ledger.settle(again, { kind: 'failed', reason: 'agent-failed', detail: '' }, null)
      advance(BACKING_OFF.delayMs)
      expect(await heard(() => ledger.expire(10))).toBe(1)
      expect(await heard(() => ledger.expire(10))).toBe(0)

      const paused = await claimed(ledger)
      const why = { reason: 'waiting-for-person', detail: '' } as const
      await ledger.pause(paused, why, null)
      expect(await heard(() => ledger.resume(paused.jobId, 'ada'))).toBe(1)
      expect(await nextJob(ledger)).not.toBeNull()
    })
  })

  describe('tokens', () => {
    const token = {
      id: 't-1',
      name: 'ci',
      scopes: ['jobs:read'],
      lanes: null,
      hash: 'h-1',
    } as const

    it('a token is found by its hash and shows when it was used', async () => {
      const { ledger, advance } = await open()
      await ledger.createToken({ ...token, expiresAt: null })
      const found = await ledger.findToken('h-1')
      expect(found).toMatchObject({ id: 't-1', name: 'ci', scopes: ['jobs:read'] })
      expect(found?.lastUsedAt).toBe(found?.createdAt)
      expect(await ledger.findToken('h-2')).toBeNull()
      advance(MINUTE - 1)
      expect(await ledger.findToken('h-1')).toEqual(found)
      advance(1)
      expect((await ledger.findToken('h-1'))?.lastUsedAt).toBe(found!.createdAt + MINUTE)
      expect(await ledger.tokens()).toEqual([await ledger.findToken('h-1')])
    })

    it('a token keeps the lanes that it is restricted to', async () => {
      const { ledger } = await open()
      const lanes = ['kind:code', 'repo:https://git.example/acme/*']
      await ledger.createToken({ ...token, lanes, expiresAt: null })
      await ledger.createToken({ ...token, id: 't-2', hash: 'h-2', expiresAt: null })
      expect((await ledger.findToken('h-1'))?.lanes).toEqual(lanes)
      expect((await ledger.tokens()).map((row) => row.lanes)).toEqual([lanes, null])
    })

    it('a revoked token and an expired one are no longer found, but listed', async () => {
      const { ledger, advance } = await open()
      await ledger.createToken({ ...token, expiresAt: null })
      const { createdAt } = (await ledger.findToken('h-1'))!
      await ledger.createToken({ ...token, id: 't-2', hash: 'h-2', expiresAt: createdAt + 10 })
      await ledger.revokeToken('t-1')
      expect(await ledger.findToken('h-1')).toBeNull()
      expect(await ledger.findToken('h-2')).not.toBeNull()
      advance(10)
      expect(await ledger.findToken('h-2')).toBeNull()
      expect(await ledger.tokens()).toHaveLength(2)
      expect(await refusal(ledger.revokeToken('t-3'))).toBe('token-not-found')
    })
  })
}

const MINUTE = 60_000
const BACKING_OFF = RetryPolicy.parse({
  maxFailures: 9,
  delayMs: 5000,
  factor: 1,
  capMs: 5000,
})
const ONCE = RetryPolicy.parse({ maxFailures: 1 })
