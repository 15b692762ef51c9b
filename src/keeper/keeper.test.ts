import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tempFolder } from '../../test/support/temp-folder.ts'
import { openDiskArtifacts } from '../artifacts/disk-artifacts.ts'
import { openDiskLogs } from '../artifacts/disk-logs.ts'
import type { Send } from '../domain/callback.ts'
import { AppError } from '../domain/errors.ts'
import { Submission } from '../domain/job.ts'
import { noProbe } from '../domain/probe.ts'
import { openSqliteLedger } from '../ledger/sqlite/open.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLog } from '../platform/log.ts'
import { DeliveryTally } from './delivery-tally.ts'
import { startKeeper } from './keeper.ts'
import { sweepExpired } from './sweep.ts'
import { tidyLocksAndFiles } from './tidy.ts'

const isBackedUp = async (): Promise<boolean> => false
const HOUR = 3_600_000
const log = silentLog
const callbacks = { send: null, tally: new DeliveryTally(), random: randomBytes }

const FACTS = {
  retryOf: null,
  submitter: { name: 'tester', tokenId: 'token' },
  demands: [],
}

/** A hub's data folder; its clock stands still until a test changes `time.ms`. */
async function open() {
  const folder = await tempFolder()
  const time = { ms: 1_700_000_000_000 }
  const clock = { ...systemClock, now: () => time.ms, monotonic: () => time.ms }
  const ledger = await openSqliteLedger({ folder, clock, random: randomBytes })
  onTestFinished(() => ledger[Symbol.asyncDispose]())
  const artifacts = await openDiskArtifacts(join(folder, 'artifacts'))
  const logs = await openDiskLogs(join(folder, 'logs'))
  const retention = { keepJobs: 90, keepLogs: 30 }
  const collecting = { ledger, artifacts, logs, retention, isBackedUp, log, probe: noProbe }
  const submit = async (title: string, locks: readonly string[] = []) => {
    const submission = Submission.parse({ kind: 'code', payload: {}, locks })
    return (await ledger.submit({ ...submission, ...FACTS, title, requestDigest: title })).job
  }
  const claim = () =>
    ledger.claim({
      requestId: randomUUID(),
      worker: {
        id: randomUUID(),
        bootId: randomUUID(),
        name: 'worker',
        version: '0.0.0',
        slots: 1,
        kinds: ['code'],
        labels: [],
        offers: [],
        sandbox: 'none',
      },
      leaseMs: 60_000,
      heldBy: 'token',
      tokenHash: 'hash',
      restrictedTo: null,
    })
  return { folder, time, clock, ledger, artifacts, collecting, submit, claim }
}

describe('the sweep', () => {
  it('ends every attempt whose lease ran out, and no other', async () => {
    const { time, ledger, submit, claim } = await open()
    const dead = []
    for (let index = 0; index < 130; index += 1) {
      dead.push(await submit(`dead ${index}`))
      await claim()
    }
    time.ms += 59_000
    const alive = await submit('alive')
    await claim()
    time.ms += 2000

    await sweepExpired({ ledger, log })

    const states = await Promise.all(dead.map(async ({ id }) => (await ledger.job(id)).state))
    expect(new Set(states)).toEqual(new Set(['queued']))
    expect((await ledger.job(alive.id)).state).toBe('running')
  })
})

describe('tidying', () => {
  it('frees the locks of a job that has been paused for too long', async () => {
    const { time, clock, ledger, artifacts, submit, claim } = await open()
    const paused = await submit('paused', ['branch:x'])
    await claim()
    const fence = { jobId: paused.id, attempt: 1 }
    await ledger.pause(fence, { reason: 'quota-exhausted', detail: '' }, null)
    const waiting = await submit('waiting', ['branch:x'])
    const context = { ledger, stores: [artifacts], clock, log }

    await tidyLocksAndFiles(context)
    expect(await claim()).toBeNull()
    time.ms += paused.limits.pausedLocksMs
    await tidyLocksAndFiles(context)

    expect((await claim())?.job.id).toBe(waiting.id)
  })

  it('removes files that a crash left an hour ago, and no younger ones', async () => {
    const { folder, time, clock, ledger, artifacts } = await open()
    const leave = async (name: string, age: number) => {
      const path = join(folder, 'artifacts', 'temp', name)
      await writeFile(path, 'half')
      await utimes(path, (time.ms - age) / 1000, (time.ms - age) / 1000)
    }
    await leave('old', HOUR + 1000)
    await leave('young', HOUR - 1000)

    await tidyLocksAndFiles({ ledger, stores: [artifacts], clock, log })

    expect(await artifacts.sweepTemp(Infinity)).toBe(1)
  })
})

describe('the keeper', () => {
  it('runs until it is stopped', async () => {
    const { time, ledger, artifacts, collecting, submit, claim } = await open()
    const job = await submit('dead')
    await claim()
    time.ms += 61_000
    const expired = new Promise<void>((resolve) => {
      ledger.subscribe((notification) => {
        if (notification.kind === 'job' && notification.jobId === job.id) resolve()
      })
    })

    const keeper = startKeeper({
      ...collecting,
      stores: [artifacts],
      clock: systemClock,
      ...callbacks,
    })
    await expired
    await keeper.stop()

    await expect(keeper.done).resolves.toBeUndefined()
    expect((await ledger.job(job.id)).state).toBe('queued')
  })

  it('stops at once although a receiver of callbacks hangs, and its message stays due', async () => {
    const { ledger, artifacts, collecting } = await open()
    const submission = Submission.parse({
      kind: 'code',
      payload: {},
      callbacks: [{ url: 'https://hooks.example/' }],
    })
    const job = { ...submission, ...FACTS, title: 'told', requestDigest: 'told' }
    await ledger.requestCancel((await ledger.submit(job)).job.id, 'ada')
    const sending = Promise.withResolvers<void>()
    const send: Send = async (_, signal) => {
      sending.resolve()
      await once(signal, 'abort')
      return { kind: 'unanswered', error: 'the hub stopped' }
    }
    const context = { ...collecting, stores: [artifacts], clock: systemClock, ...callbacks, send }
    const keeper = startKeeper(context)
    await sending.promise
    await keeper.stop()

    expect(await ledger.takeDelivery(1000, [])).toMatchObject({ tries: 2 })
  })

  it('stops all loops and says so when one of them hits a bug', async () => {
    const { artifacts, collecting } = await open()
    const bug = new AppError('data-dir-unusable', 'the disk is gone')
    const broken = { sweepTemp: () => Promise.reject(bug) }
    const stores = [artifacts, broken]
    const keeper = startKeeper({ ...collecting, stores, clock: systemClock, ...callbacks })
    await expect(keeper.done).rejects.toBe(bug)
    await expect(keeper.stop()).rejects.toBe(bug)
  })
})
