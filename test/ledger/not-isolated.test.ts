import { describe, expect, it } from 'vitest'
import { Limits } from '../../src/domain/limits.ts'
import type { Fence } from '../../src/domain/lease.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import type { Statement } from '../../src/ledger/sql.ts'
import type { Engine, Tx } from '../../src/ledger/transaction.ts'
import { aRequest, claimed, FAILED, submitted, SUCCEEDED } from '../conformance/ledger/bed.ts'
import { type InMemory, openInMemory } from '../support/ledger-in-memory.ts'

const WAITING = { reason: 'waiting-for-person', detail: '' } as const
const MOVES_JOB = /UPDATE job SET\s+(?:state|cancel_requested_at)\b/

type Disturbed = InMemory & {
  /** Runs this SQL just before the next statement that matches, as a concurrent transaction would. */
  readonly before: (statement: RegExp, change: string) => void
  /** Every statement since the ledger was opened. */
  readonly statements: readonly string[]
}

/** A ledger whose engine does not isolate transactions. */
function openDisturbed(): Disturbed {
  const statements: string[] = []
  let next: { readonly statement: RegExp; readonly change: string } | null = null
  const pass = ({ strings }: Statement): void => {
    const text = strings.join('?')
    statements.push(text)
    if (next === null || !next.statement.test(text)) return
    opened.database.exec(next.change)
    next = null
  }
  const opened = openInMemory((engine) =>
    wrapped(engine, (tx) => ({
      ...tx,
      get: (statement, row) => (pass(statement), tx.get(statement, row)),
      all: (statement, row) => (pass(statement), tx.all(statement, row)),
      run: (statement) => (pass(statement), tx.run(statement)),
    })),
  )
  return { ...opened, statements, before: (statement, change) => (next = { statement, change }) }
}

const wrapped = (engine: Engine, wrap: (tx: Tx) => Tx): Engine => ({
  ...engine,
  transact: (work) => engine.transact((tx) => work(wrap(tx))),
})

const forgetful = (tx: Tx): Tx => ({ ...tx, run: () => Promise.resolve(1) })

type Write = (ledger: Ledger, fence: Fence) => Promise<unknown>

const WRITES: Record<string, Write> = {
  success: (ledger, fence) => ledger.settle(fence, SUCCEEDED, null),
  failure: (ledger, fence) => ledger.settle(fence, FAILED, null),
  pause: (ledger, fence) => ledger.pause(fence, WAITING, null),
  'request to cancel': (ledger, { jobId }) => ledger.requestCancel(jobId, 'ada'),
}

describe('a transaction that was not isolated', () => {
  it.each(
    Object.entries(WRITES).flatMap(([name, write]) => [
      [name, 'claimed again', `UPDATE job SET attempt = attempt + 1`, write] as const,
      [name, 'handed back', `UPDATE job SET state = 'queued'`, write] as const,
    ]),
  )('a %s of a job that was %s meanwhile crashes and leaves nothing', async (...row) => {
    const [, , change, write] = row
    const { ledger, before } = openDisturbed()
    await submitted(ledger)
    const fence = await claimed(ledger)
    const job = await ledger.job(fence.jobId)
    before(MOVES_JOB, change)
    await expect(write(ledger, fence)).rejects.toThrow('not isolated')
    expect(await ledger.job(fence.jobId)).toEqual(job)
  })

  it.each([
    ['claimed', `UPDATE job SET attempt = attempt + 1`],
    ['parked', `UPDATE job SET parked_on = 'key'`],
  ])('a claim of a job that was %s meanwhile crashes and leaves nothing', async (_, change) => {
    const { ledger, before } = openDisturbed()
    const jobId = await submitted(ledger)
    before(MOVES_JOB, change)
    await expect(ledger.claim(aRequest())).rejects.toThrow('not isolated')
    expect(await ledger.job(jobId)).toMatchObject({ state: 'queued', attempt: 0, parkedOn: null })
  })

  it('a key that was taken meanwhile is not taken again', async () => {
    const { ledger, before } = openDisturbed()
    await submitted(ledger)
    const { jobId } = await claimed(ledger)
    const waiting = await submitted(ledger, { locks: ['a', 'b'] })
    before(MOVES_JOB, `INSERT INTO job_lock (key, job_id, attempt) VALUES ('b', '${jobId}', 1)`)
    await expect(ledger.claim(aRequest())).rejects.toThrow('already held')
    expect(await ledger.job(waiting)).toMatchObject({ state: 'queued', attempt: 0 })
  })

  it('a job that was claimed meanwhile keeps its keys', async () => {
    const { ledger, database, before } = openDisturbed()
    await submitted(ledger, { locks: ['a'], limits: Limits.parse({ pausedLocksMs: 0 }) })
    await ledger.pause(await claimed(ledger), WAITING, null)
    before(/UPDATE job SET locks_until/, 'UPDATE job SET locks_until = NULL')
    expect(await ledger.tidyLocks(10)).toBe(0)
    expect(database.prepare('SELECT key FROM job_lock').all()).toMatchObject([{ key: 'a' }])
  })

  it('a job that another continues meanwhile is not forgotten', async () => {
    const { ledger, before, advance } = openDisturbed()
    const old = await submitted(ledger)
    await ledger.settle(await claimed(ledger), SUCCEEDED, null)
    await submitted(ledger)
    advance(1000)
    before(/DELETE FROM job\b/, `UPDATE job SET retry_of = '${old}' WHERE state = 'queued'`)
    const now = (await ledger.job(old)).endedAt! + 1000
    expect(await ledger.forget(now, 10)).toMatchObject({ jobs: 0 })
    expect(await ledger.job(old)).toMatchObject({ state: 'succeeded' })
  })

  it('an upload that a job names meanwhile is not forgotten', async () => {
    const { ledger, before, advance } = openDisturbed()
    await ledger.storeBlob({ digest: 'd', size: 1, uploader: 'token' })
    const jobId = await submitted(ledger)
    advance(1000)
    before(
      /DELETE FROM blob\b/,
      `INSERT INTO input (job_id, name, digest) VALUES ('${jobId}', 'n', 'd')`,
    )
    const now = (await ledger.job(jobId)).createdAt + 1000
    const page = { after: '', limit: 10 }
    expect(await ledger.forgetBlobs(now, page)).toMatchObject({ forgotten: 0 })
    expect(await ledger.inputs(jobId)).toMatchObject([{ digest: 'd' }])
  })
})

describe('the statements of a sweep', () => {
  it('are as many as before when more jobs run, pause and wait', async () => {
    const { ledger, statements } = openDisturbed()
    const asked = async (): Promise<number> => {
      const already = statements.length
      await ledger.expire(100)
      await ledger.tidyLocks(100)
      return statements.length - already
    }
    const few = await asked()
    for (let count = 0; count < 3; count += 1) {
      await submitted(ledger, { locks: [`key-${count}`] })
      await claimed(ledger)
      await submitted(ledger, { locks: [`kept-${count}`] })
      await ledger.pause(await claimed(ledger), WAITING, null)
      await submitted(ledger, { locks: [`key-${count}`, `kept-${count}`] })
    }
    expect(await asked()).toBe(few)
  })
})

describe('a ledger that loses writes', () => {
  it('is detected by the readiness check', async () => {
    const { ledger } = openInMemory((engine) => wrapped(engine, forgetful))
    await expect(ledger.checkWritable()).rejects.toThrow('did not return')
  })
})
