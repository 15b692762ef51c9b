import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { claimed, nextJob, submitted, SUCCEEDED } from '../conformance/ledger/bed.ts'
import { openOnSqlite } from '../support/sqlite-ledger.ts'

describe('a database repaired by hand', () => {
  it('waiters whose key nobody holds are woken by tidying, one of each lane', async () => {
    const { ledger, folder } = await openOnSqlite()
    const first = await submitted(ledger, { locks: ['a'] })
    const second = await submitted(ledger, { locks: ['a'] })
    const gpu = await submitted(ledger, { locks: ['a'], labels: ['gpu'] })
    const other = await submitted(ledger, { locks: ['b'], priority: -1 })
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    database.exec(`UPDATE job SET parked_on = substr(locks, 3, 1)`)
    expect(await nextJob(ledger, { labels: ['gpu'] })).toBeNull()

    expect(await ledger.tidyLocks(100)).toBe(3)
    expect(await ledger.tidyLocks(100)).toBe(0)
    const fence = await claimed(ledger)
    expect(fence.jobId).toBe(first)
    expect(await nextJob(ledger)).toBe(other)
    await ledger.settle(fence, SUCCEEDED, null)
    expect(await nextJob(ledger)).toBe(second)
    expect(await ledger.job(gpu)).toMatchObject({ parkedOn: 'a' })
  })

  it('a waiter is woken whatever other keys are held', async () => {
    const { ledger, folder } = await openOnSqlite()
    await submitted(ledger, { locks: ['b'] })
    await claimed(ledger)
    const waiting = await submitted(ledger, { locks: ['a'] })
    using database = new DatabaseSync(join(folder, 'ledger.db'))
    database.exec(`UPDATE job SET parked_on = 'a' WHERE state = 'queued'`)

    expect(await ledger.tidyLocks(100)).toBe(1)
    expect(await nextJob(ledger)).toBe(waiting)
  })

  it('a key with a waiter that was already woken is left alone', async () => {
    const { ledger } = await openOnSqlite()
    await submitted(ledger, { locks: ['a'] })
    const holder = await claimed(ledger)
    await submitted(ledger, { locks: ['a'] })
    const waiting = await submitted(ledger, { locks: ['a'] })
    await ledger.settle(holder, SUCCEEDED, null)
    expect(await ledger.tidyLocks(100)).toBe(0)
    expect(await ledger.job(waiting)).toMatchObject({ parkedOn: 'a' })
  })
})
