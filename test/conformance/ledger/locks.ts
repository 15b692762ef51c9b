import { describe, expect, it } from 'vitest'
import type { Ledger } from '../../../src/ledger/port.ts'
import {
  aRequest,
  claimed,
  fenceOf,
  nextJob,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const GPU = { labels: ['gpu'] }

export function locksConformance(open: OpenLedger): void {
  describe('lock keys', () => {
    it('two jobs that share a key never run at once', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a', 'b'] })
      const other = await submitted(ledger, { locks: ['b', 'c'] })
      const first = await claimed(ledger)

      expect(await nextJob(ledger)).toBeNull()
      expect(await ledger.job(other)).toMatchObject({
        state: 'queued',
        parkedOn: 'b',
        parkedBehind: first.jobId,
      })
      await ledger.settle(first, SUCCEEDED, null)
      expect(await ledger.job(other)).toMatchObject({ parkedOn: null, parkedBehind: null })
      expect(await nextJob(ledger)).toBe(other)
    })

    it('a blocked job does not stop those behind it', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      await submitted(ledger, { locks: ['a'], priority: 9 })
      await claimed(ledger)
      const free = await submitted(ledger, { priority: -9 })
      expect(await nextJob(ledger)).toBe(free)
    })

    it('more blocked jobs than one transaction parks do not hide a free one', async () => {
      const { ledger } = await open()
      for (let job = 0; job < 450; job += 1) await submitted(ledger, { locks: ['a'] })
      const free = await submitted(ledger)
      await claimed(ledger)
      expect(await nextJob(ledger)).toBe(free)
      expect(await nextJob(ledger)).toBeNull()
    })

    it('jobs with as many keys as a job may have do not hide a free one', async () => {
      const { ledger } = await open()
      for (let job = 0; job < 210; job += 1) {
        const own = Array.from({ length: 63 }, (_, key) => `job-${job}-${key}`)
        await submitted(ledger, { locks: ['a', ...own] })
      }
      const free = await submitted(ledger)
      await claimed(ledger)
      expect(await nextJob(ledger)).toBe(free)
      expect(await nextJob(ledger)).toBeNull()
    })

    it('a released key goes to the highest priority, then to the first submitted', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holder = await claimed(ledger)
      const third = await submitted(ledger, { locks: ['a'] })
      const second = await submitted(ledger, { locks: ['a'], priority: 5 })
      const first = await submitted(ledger, { locks: ['a'], priority: 9 })
      await ledger.settle(holder, SUCCEEDED, null)

      expect(await drain(ledger)).toEqual([first, second, third])
    })

    it('a released key wakes one job of each lane, because a lane may have no worker', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holder = await claimed(ledger)
      await submitted(ledger, { locks: ['a'], labels: ['gpu'], priority: 9 })
      const plain = await submitted(ledger, { locks: ['a'] })
      await ledger.settle(holder, SUCCEEDED, null)

      expect(await nextJob(ledger)).toBe(plain)
      expect(await nextJob(ledger, GPU)).toBeNull()
    })

    it('a woken job that is cancelled wakes the next', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holder = await claimed(ledger)
      const first = await submitted(ledger, { locks: ['a'] })
      const second = await submitted(ledger, { locks: ['a'] })
      await ledger.settle(holder, SUCCEEDED, null)
      await ledger.requestCancel(first, 'ada')
      expect(await nextJob(ledger)).toBe(second)
    })

    it('a woken job that must wait for another key wakes the next', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holderOfA = await claimed(ledger)
      const both = await submitted(ledger, { locks: ['a', 'b'] })
      const onlyA = await submitted(ledger, { locks: ['a'] })
      await submitted(ledger, { locks: ['b'] })
      const holderOfB = await claimed(ledger)
      await ledger.settle(holderOfA, SUCCEEDED, null)

      expect(await nextJob(ledger)).toBe(onlyA)
      expect(await ledger.job(both)).toMatchObject({ parkedOn: 'b' })
      await ledger.settle(holderOfB, SUCCEEDED, null)
      expect(await nextJob(ledger)).toBeNull()
      expect(await ledger.job(both)).toMatchObject({ parkedOn: 'a' })
    })

    it('a job that overtakes a woken one does not strand it', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holder = await claimed(ledger)
      const woken = await submitted(ledger, { locks: ['a'] })
      const waiting = await submitted(ledger, { locks: ['a'], priority: -1 })
      await ledger.settle(holder, SUCCEEDED, null)
      const urgent = await submitted(ledger, { locks: ['a'], priority: 9 })

      expect(await drain(ledger)).toEqual([urgent, woken, waiting])
    })

    it('keys and waiters survive a restart', async () => {
      const bed = await open()
      await submitted(bed.ledger, { locks: ['a'] })
      const holder = await claimed(bed.ledger)
      const waiting = await submitted(bed.ledger, { locks: ['a'] })
      await bed.reopen()
      expect(await nextJob(bed.ledger)).toBeNull()
      await bed.ledger.settle(holder, SUCCEEDED, null)
      expect(await nextJob(bed.ledger)).toBe(waiting)
    })

    it('no waiting job is stranded, before and after the key is released', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['a'] })
      const holder = await claimed(ledger)
      await submitted(ledger, { locks: ['a'] })
      await submitted(ledger, { locks: ['a'] })
      expect(await ledger.strandedJobs(100)).toEqual([])
      await ledger.settle(holder, SUCCEEDED, null)
      expect(await ledger.strandedJobs(100)).toEqual([])
    })

    it('32 claimers on 12 keys finish every job and never share a key', async () => {
      const { ledger } = await open()
      for (let index = 0; index < 120; index += 1) {
        const locks = [3, 5, 7].map((step) => `key-${(index * step) % 12}`)
        await submitted(ledger, { locks, priority: index % 3 })
      }
      const held = new Map<string, string>()
      const violations: string[] = []
      const work = async () => {
        const lease = await ledger.claim(aRequest())
        if (lease === null) return false
        for (const key of lease.job.locks) {
          if (held.has(key)) violations.push(`${key}: ${held.get(key)} and ${lease.job.id}`)
          held.set(key, lease.job.id)
        }
        await ledger.renew(fenceOf(lease), 60_000)
        for (const key of lease.job.locks) held.delete(key)
        await ledger.settle(fenceOf(lease), SUCCEEDED, null)
        return true
      }
      for (;;) {
        const worked = await Promise.all(Array.from({ length: 32 }, work))
        if (!worked.includes(true)) break
      }
      expect(violations).toEqual([])
      expect(await ledger.counts()).toEqual([{ kind: 'code', state: 'succeeded', jobs: 120 }])
    })
  })
}

/** Claims and settles all jobs one by one; returns their ids in order. */
async function drain(ledger: Ledger): Promise<readonly string[]> {
  const order: string[] = []
  for (;;) {
    const lease = await ledger.claim(aRequest())
    if (lease === null) return order
    order.push(lease.job.id)
    await ledger.settle(fenceOf(lease), SUCCEEDED, null)
  }
}
