import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { JobId } from '../../domain/id.ts'
import { sql } from '../sql.ts'
import type { Engine, Tx } from '../transaction.ts'
import { sqliteEngine } from './engine.ts'

const Count = z.object({ count: z.int() })
const add = (tx: Tx, word: string) => tx.run(sql`INSERT INTO word (word) VALUES (${word})`)
const counted = async ({ transact }: Engine): Promise<number | undefined> =>
  (await transact((tx) => tx.get(sql`SELECT count(*) AS count FROM word`, Count)))?.count
const jobId = JobId.parse('01890000-0000-7000-8000-000000000000')

function makeEngine(): { readonly engine: Engine; readonly database: DatabaseSync } {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE word (word TEXT UNIQUE)')
  const engine = sqliteEngine(database, () => 7)
  onTestFinished(() => engine[Symbol.asyncDispose]())
  return { engine, database }
}

describe('the SQLite engine', () => {
  it('rolls back only the transaction of a batch that fails', async () => {
    const { engine } = makeEngine()
    const answers = await Promise.allSettled([
      engine.transact((tx) => add(tx, 'one')),
      engine.transact(async (tx) => {
        await add(tx, 'lost')
        throw new Error('no')
      }),
      engine.transact((tx) => add(tx, 'one')),
      engine.transact((tx) => add(tx, 'two')),
    ])
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(await counted(engine)).toBe(2)
  })

  it('transactions never interleave, however long each of them waits', async () => {
    const { engine } = makeEngine()
    const order: string[] = []
    const slow = (name: string) =>
      engine.transact(async () => {
        order.push(`${name} begins`)
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
        order.push(`${name} ends`)
      })
    await Promise.all([slow('one'), slow('two')])
    expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
  })

  it('notifications are heard once, after the commit, and not when it failed', async () => {
    const { engine, database } = makeEngine()
    const heard: unknown[] = []
    engine.subscribe((notification) => heard.push([notification, database.isTransaction]))
    await engine.transact((tx) => {
      tx.notify({ kind: 'job', jobId })
      tx.notify({ kind: 'job', jobId })
      return Promise.resolve()
    })
    const failing = engine.transact((tx) => {
      tx.notify({ kind: 'ready' })
      return Promise.reject(new Error('no'))
    })
    await expect(failing).rejects.toThrow('no')
    expect(heard).toEqual([[{ kind: 'job', jobId }, false]])
  })

  it('a full disk fails the whole commit with disk-full, and the engine recovers', async () => {
    const { engine, database } = makeEngine()
    database.exec('PRAGMA max_page_count = 8')
    const big = 'x'.repeat(200_000)
    const answers = await Promise.allSettled([
      engine.transact((tx) => add(tx, 'small')),
      engine.transact((tx) => add(tx, big)),
    ])
    const full = { status: 'rejected', reason: { code: 'disk-full', retryable: true } }
    expect(answers).toMatchObject([full, full])
    expect(await counted(engine)).toBe(0)

    database.exec('PRAGMA max_page_count = 1000')
    await engine.transact((tx) => add(tx, big))
    expect(await counted(engine)).toBe(1)
  })

  it('closing finishes queued transactions and refuses new ones', async () => {
    const { engine } = makeEngine()
    const waiting = engine.transact((tx) => add(tx, 'one'))
    await engine[Symbol.asyncDispose]()
    expect(await waiting).toBe(1)
    await expect(counted(engine)).rejects.toMatchObject({ code: 'hub-stopping' })
  })

  it('a row that does not match its schema is a bug and throws', async () => {
    const { engine } = makeEngine()
    const wrong = engine.transact((tx) => tx.get(sql`SELECT 'many' AS count`, Count))
    await expect(wrong).rejects.toThrow(z.ZodError)
  })
})
