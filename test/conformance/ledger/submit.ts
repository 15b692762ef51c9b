import { describe, expect, it } from 'vitest'
import { aJob, claimed, eventTypes, refusal, NO_JOB, type OpenLedger, submitted } from './bed.ts'

export function submitConformance(open: OpenLedger): void {
  describe('submit', () => {
    it('a new job is queued and has told that it was submitted', async () => {
      const { ledger } = await open()
      const { job, created } = await ledger.submit(aJob({ labels: ['gpu', 'arm'], priority: 3 }))

      expect(created).toBe(true)
      expect(job).toMatchObject({
        state: 'queued',
        reason: null,
        attempt: 0,
        failures: 0,
        priority: 3,
        labels: ['arm', 'gpu'],
        payload: { prompt: 'Mend the test' },
      })
      expect(await ledger.job(job.id)).toEqual(job)
      expect(await eventTypes(ledger, job.id)).toEqual(['submitted'])
    })

    it('the same key and body give the job of the first time', async () => {
      const { ledger } = await open()
      const first = await ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'one' }))
      const again = await ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'one' }))

      expect(again).toEqual({ job: first.job, created: false })
      expect(await ledger.counts()).toEqual([{ kind: 'code', state: 'queued', jobs: 1 }])
    })

    it('many submissions with one key at the same moment make one job', async () => {
      const { ledger } = await open()
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => ledger.submit(aJob({ idempotencyKey: 'key' }))),
      )
      expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1)
      expect(answers.filter(({ created }) => created)).toHaveLength(1)
    })

    it('the same key with another body is refused', async () => {
      const { ledger } = await open()
      await ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'one' }))
      const other = ledger.submit(aJob({ idempotencyKey: 'key', requestDigest: 'two' }))
      expect(await refusal(other)).toBe('idempotency-conflict')
    })

    it('a follow-up needs an earlier job that has ended', async () => {
      const { ledger } = await open()
      expect(await refusal(ledger.submit(aJob({ retryOf: NO_JOB })))).toBe('job-not-found')
      const waiting = await submitted(ledger)
      expect(await refusal(ledger.submit(aJob({ retryOf: waiting })))).toBe('job-not-terminal')
    })

    it('a job whose lock key is held says at once what it waits for', async () => {
      const { ledger } = await open()
      await submitted(ledger, { locks: ['site:a'] })
      await claimed(ledger)
      const { job } = await ledger.submit(aJob({ locks: ['site:b', 'site:a'] }))
      expect(job).toMatchObject({ parkedOn: 'site:a', locks: ['site:a', 'site:b'] })
    })
  })
}
