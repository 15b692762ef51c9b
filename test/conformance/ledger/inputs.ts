import { describe, expect, it } from 'vitest'
import type { AppError } from '../../../src/domain/errors.ts'
import type { Input } from '../../../src/domain/input.ts'
import type { Ledger, NewJob } from '../../../src/ledger/port.ts'
import { aJob, aRequest, claimed, type OpenLedger, refusal, submitted, SUCCEEDED } from './bed.ts'

const DAY_MS = 86_400_000
const OWNER = { name: 'owner', tokenId: 'token-of-owner' }
const OTHER = { name: 'other', tokenId: 'token-of-other' }
/** A page that holds every upload of a test. */
const ALL = { after: '', limit: 10 }

const upload = (ledger: Ledger, digest: string, { tokenId } = OWNER): Promise<void> =>
  ledger.storeBlob({ digest, size: digest.length, uploader: tokenId })

const named = (...digests: readonly string[]): Input[] =>
  digests.map((digest, index) => ({ name: `in/${index}`, digest }))

const bringing = (inputs: Input[], differences: Partial<NewJob> = {}): NewJob =>
  aJob({ inputs, submitter: OWNER, ...differences })

/** Reads the ledger's time from a new job of a kind that no test claims. */
async function timeOf(ledger: Ledger): Promise<number> {
  return (await ledger.job(await submitted(ledger, { kind: 'clock' }))).createdAt
}

async function end(ledger: Ledger): Promise<number> {
  const { endedAt } = await ledger.settle(await claimed(ledger), SUCCEEDED, null)
  return endedAt ?? Number.NaN
}

export function inputsConformance(open: OpenLedger): void {
  describe('inputs', () => {
    it('are listed with the job and each of its claims, by name', async () => {
      const { ledger } = await open()
      await upload(ledger, 'aa')
      await upload(ledger, 'b')
      const inputs = [
        { name: 'b.txt', digest: 'b' },
        { name: 'a/one', digest: 'aa' },
        { name: 'a/two', digest: 'aa' },
      ]
      const { job } = await ledger.submit(bringing(inputs))
      const expected = [
        { name: 'a/one', digest: 'aa', size: 2 },
        { name: 'a/two', digest: 'aa', size: 2 },
        { name: 'b.txt', digest: 'b', size: 1 },
      ]
      expect(await ledger.inputs(job.id)).toEqual(expected)
      expect((await ledger.claim(aRequest()))?.inputs).toEqual(expected)
      expect(await ledger.inputs(await submitted(ledger))).toEqual([])
    })

    it('that are not uploaded are refused by digest, and nothing is written', async () => {
      const { ledger } = await open()
      await upload(ledger, 'there')
      const error = await ledger
        .submit(bringing(named('x', 'there', 'y', 'x')))
        .catch((refused: AppError) => refused)
      expect(error).toMatchObject({ code: 'input-missing', details: { missing: ['x', 'y'] } })
      expect(await ledger.counts()).toEqual([])
    })

    it('of which only some are stored: all missing ones are listed, however many', async () => {
      const { ledger } = await open()
      const digests = Array.from({ length: 120 }, (_, index) => `d-${index}`)
      for (const digest of digests.slice(0, 60)) await upload(ledger, digest)
      const error = await ledger
        .submit(bringing(named(...digests)))
        .catch((refused: AppError) => refused)
      expect(error).toMatchObject({ details: { missing: digests.slice(60).toSorted() } })
      for (const digest of digests.slice(60)) await upload(ledger, digest)
      const { job } = await ledger.submit(bringing(named(...digests)))
      expect(await ledger.inputs(job.id)).toHaveLength(120)
    })

    it('are named by who uploaded them alone, until some job names them', async () => {
      const { ledger } = await open()
      await upload(ledger, 'a')
      const byOther = () => ledger.submit(bringing(named('a'), { submitter: OTHER }))
      expect(await refusal(byOther())).toBe('input-missing')
      await ledger.submit(bringing(named('a')))
      expect((await byOther()).job.submittedBy).toBe(OTHER.name)
    })

    it('uploaded by several may be named by each of them', async () => {
      const { ledger } = await open()
      await upload(ledger, 'a')
      await upload(ledger, 'a', OTHER)
      await upload(ledger, 'a')
      expect(await refusal(ledger.submit(bringing(named('a'), { submitter: OTHER })))).toBe('none')
      await upload(ledger, 'b')
      await upload(ledger, 'b', OTHER)
      expect(await refusal(ledger.submit(bringing(named('b'))))).toBe('none')
    })

    it('of an earlier job may be named by its follow-up', async () => {
      const { ledger } = await open()
      await upload(ledger, 'a')
      const { job } = await ledger.submit(bringing(named('a')))
      await end(ledger)
      const followUp = { submitter: OTHER, retryOf: job.id, group: 'g' }
      const { job: next } = await ledger.submit(bringing(named('a'), followUp))
      expect(next).toMatchObject({ retryOf: job.id, group: 'g', submittedBy: OTHER.name })
      expect(await ledger.inputs(next.id)).toEqual([{ name: 'in/0', digest: 'a', size: 1 }])
    })

    it('are not checked again when the submission is repeated with its key', async () => {
      const { ledger, advance } = await open()
      await upload(ledger, 'a')
      const asked = bringing(named('a'), { idempotencyKey: 'key' })
      const first = await ledger.submit(asked)
      advance(DAY_MS)
      const again = await ledger.submit({ ...asked, submitter: OTHER })
      expect(again).toEqual({ job: first.job, created: false })
    })
  })

  describe('uploads', () => {
    it('are deleted when they are old and no job names them', async () => {
      const { ledger, advance } = await open()
      await upload(ledger, 'named')
      await upload(ledger, 'unnamed')
      await ledger.submit(bringing(named('named')))
      advance(DAY_MS)
      await upload(ledger, 'young')
      const before = await timeOf(ledger)

      expect(await ledger.unneededBlobs({ jobs: 0, uploads: before }, ALL)).toEqual({
        count: 1,
        last: null,
      })
      expect(await ledger.forgetBlobs(before, ALL)).toEqual({ forgotten: 1, last: null })
      expect(await ledger.forgetBlobs(before, ALL)).toEqual({ forgotten: 0, last: null })
      expect(await refusal(ledger.submit(bringing(named('unnamed'))))).toBe('input-missing')
      expect(await refusal(ledger.submit(bringing(named('named', 'young'))))).toBe('none')
    })

    it('count as new when they are stored again', async () => {
      const { ledger, advance } = await open()
      await upload(ledger, 'a')
      const first = await timeOf(ledger)
      advance(DAY_MS)
      await upload(ledger, 'a', OTHER)
      expect(await ledger.forgetBlobs(first + DAY_MS, ALL)).toEqual({ forgotten: 0, last: null })
      expect(await refusal(ledger.submit(bringing(named('a'))))).toBe('none')
    })

    it('are checked page by page, each once, in the order of their digests', async () => {
      const { ledger, advance } = await open()
      for (const digest of ['c', 'named', 'a', 'b']) await upload(ledger, digest)
      await ledger.submit(bringing(named('named')))
      advance(1)
      const before = await timeOf(ledger)
      const page = (after: string, limit: number) => ledger.forgetBlobs(before, { after, limit })

      const count = (after: string) =>
        ledger.unneededBlobs({ jobs: 0, uploads: before }, { after, limit: 2 })

      expect(await count('')).toEqual({ count: 2, last: 'b' })
      expect(await count('b')).toEqual({ count: 1, last: 'named' })
      expect(await count('named')).toEqual({ count: 0, last: null })
      expect(await page('', 2)).toEqual({ forgotten: 2, last: 'b' })
      expect(await ledger.referenced(['a', 'b', 'c'], null)).toEqual(new Set(['c']))
      expect(await page('c', 2)).toEqual({ forgotten: 0, last: null })
      expect(await page('b', 2)).toEqual({ forgotten: 1, last: 'named' })
      expect(await page('named', 2)).toEqual({ forgotten: 0, last: null })
    })

    it('keep their bytes, and so do the jobs that name them, until both are deleted', async () => {
      const { ledger, advance } = await open()
      await upload(ledger, 'a')
      await upload(ledger, 'b')
      await ledger.submit(bringing(named('a')))
      const at = (await end(ledger)) + 1
      advance(1)
      const digests = ['a', 'b', 'c']
      const after = (jobs: number, uploads: number) => ledger.referenced(digests, { jobs, uploads })

      expect(await ledger.referenced(digests, null)).toEqual(new Set(['a', 'b']))
      expect(await after(0, at)).toEqual(new Set(['a']))
      expect(await after(at, 0)).toEqual(new Set(['a', 'b']))
      expect(await after(at, at)).toEqual(new Set())
      expect(await ledger.unneededBlobs({ jobs: at, uploads: at }, ALL)).toMatchObject({ count: 2 })
      expect(await ledger.forgetBlobs(at, ALL)).toEqual({ forgotten: 1, last: null })
      expect(await ledger.forget(at, 10)).toMatchObject({ jobs: 1 })
      expect(await ledger.referenced(digests, null)).toEqual(new Set(['a']))
      expect(await ledger.forgetBlobs(at, ALL)).toEqual({ forgotten: 1, last: null })
      expect(await ledger.referenced(digests, null)).toEqual(new Set())
    })
  })
}
