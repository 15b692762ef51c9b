import { describe, expect, it } from 'vitest'
import { claimed, LEASE_MS, submitted } from '../conformance/ledger/bed.ts'
import { openOnSqlite } from '../support/sqlite-ledger.ts'

const DAY = 86_400_000

describe('the time of the ledger', () => {
  it.each([DAY, -DAY])('setting the machine’s clock by %i ms expires nothing early', async (ms) => {
    const { ledger, clock, advance } = await openOnSqlite()
    await submitted(ledger)
    await claimed(ledger)
    clock.step(ms)
    advance(LEASE_MS - 1)
    expect(await ledger.expire(10)).toBe(0)
    advance(1)
    expect(await ledger.expire(10)).toBe(1)
  })

  it('after a restart an expired lease gets a quarter of its length', async () => {
    const bed = await openOnSqlite()
    await submitted(bed.ledger)
    await claimed(bed.ledger)
    bed.advance(3 * LEASE_MS)
    await bed.reopen()
    bed.advance(LEASE_MS / 4 - 1)
    expect(await bed.ledger.expire(10)).toBe(0)
    bed.advance(1)
    expect(await bed.ledger.expire(10)).toBe(1)
  })

  it('a restart with a clock set back makes no lease longer than its length', async () => {
    const bed = await openOnSqlite()
    await submitted(bed.ledger)
    await claimed(bed.ledger)
    bed.clock.step(-DAY)
    await bed.reopen()
    bed.advance(LEASE_MS - 1)
    expect(await bed.ledger.expire(10)).toBe(0)
    bed.advance(1)
    expect(await bed.ledger.expire(10)).toBe(1)
  })

  it('a restart leaves a lease alone that has more than a quarter left', async () => {
    const bed = await openOnSqlite()
    const jobId = await submitted(bed.ledger)
    await claimed(bed.ledger)
    const { leaseUntil } = await bed.ledger.job(jobId)
    bed.advance(LEASE_MS / 2)
    await bed.reopen()
    expect((await bed.ledger.job(jobId)).leaseUntil).toBe(leaseUntil)
  })
})
