import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { openSnapshot } from '../../src/ledger/open-snapshot.ts'
import { strandedJobs } from '../../src/ledger/transactions/stranded-jobs.ts'
import { Secret } from '../../src/domain/secret.ts'
import { claimed, nextJob, submitted, SUCCEEDED } from '../conformance/ledger/bed.ts'
import { describeNeeding } from '../support/needs.ts'
import { openOnPostgres, postgresOfFile } from '../support/postgres.ts'
import { openOnSqlite } from '../support/sqlite-ledger.ts'

describe('stranded jobs, made by writing to the database by hand', () => {
  it('are found, the next one of each lane', async () => {
    const { ledger, folder } = await openOnSqlite()
    const first = await submitted(ledger, { locks: ['a'] })
    await submitted(ledger, { locks: ['a'] })
    const gpu = await submitted(ledger, { locks: ['a'], labels: ['gpu'] })
    const other = await submitted(ledger, { locks: ['b'], priority: -1 })
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    database.exec(`UPDATE job SET parked_on = substr(locks, 3, 1)`)
    expect(await nextJob(ledger, { labels: ['gpu'] })).toBeNull()

    const found = await ledger.strandedJobs(100)
    expect(found).toHaveLength(3)
    expect(found).toEqual(
      expect.arrayContaining([
        { jobId: first, key: 'a' },
        { jobId: gpu, key: 'a' },
        { jobId: other, key: 'b' },
      ]),
    )
    expect(await ledger.strandedJobs(2)).toHaveLength(2)
  })

  it('are found when other keys are held', async () => {
    const { ledger, folder } = await openOnSqlite()
    await submitted(ledger, { locks: ['b'] })
    await claimed(ledger)
    const waiting = await submitted(ledger, { locks: ['a'] })
    await submitted(ledger, { locks: ['b'] })
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    database.exec(`UPDATE job SET parked_on = substr(locks, 3, 1) WHERE state = 'queued'`)

    expect(await ledger.strandedJobs(100)).toEqual([{ jobId: waiting, key: 'a' }])
  })

  it('run again, with all jobs behind them, once one is cancelled and retried', async () => {
    const { ledger, folder } = await openOnSqlite()
    const first = await submitted(ledger, { locks: ['a'] })
    const second = await submitted(ledger, { locks: ['a'] })
    const gpu = await submitted(ledger, { locks: ['a'], labels: ['gpu'] })
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    database.exec(`UPDATE job SET parked_on = 'a'`)

    await ledger.requestCancel(first, 'ada')
    const again = await submitted(ledger, { locks: ['a'], retryOf: first })
    const fence = await claimed(ledger)
    expect(fence.jobId).toBe(again)
    await ledger.settle(fence, SUCCEEDED, null)
    expect(await ledger.strandedJobs(100)).toEqual([])
    const next = await claimed(ledger, { labels: ['gpu'] })
    await ledger.settle(next, SUCCEEDED, null)
    expect([next.jobId, await nextJob(ledger, { labels: ['gpu'] })]).toEqual([second, gpu])
  })

  it('do not exist while a job of their lane is woken for the key', async () => {
    const { ledger } = await openOnSqlite()
    await submitted(ledger, { locks: ['a'] })
    const holder = await claimed(ledger)
    await submitted(ledger, { locks: ['a'] })
    const waiting = await submitted(ledger, { locks: ['a'] })
    await ledger.settle(holder, SUCCEEDED, null)
    expect(await ledger.strandedJobs(100)).toEqual([])
    expect(await ledger.job(waiting)).toMatchObject({ parkedOn: 'a' })
  })
})

describeNeeding(['postgresql', 'patience'], 'a stranded job on PostgreSQL', () => {
  const file = postgresOfFile()

  it('is found while a hub has the ledger open', async () => {
    const { ledger, url } = await openOnPostgres(file.server)
    const jobId = await submitted(ledger, { locks: ['a'] })
    const byHand = new Client({ connectionString: url })
    await byHand.connect()
    await byHand.query(`UPDATE job SET parked_on = 'a'`)
    await byHand.end()
    await using snapshot = await openSnapshot(new Secret(url), '')
    expect(await strandedJobs(snapshot, 10)).toEqual([{ jobId, key: 'a' }])
    expect(await ledger.strandedJobs(10)).toEqual([{ jobId, key: 'a' }])
  })
})
