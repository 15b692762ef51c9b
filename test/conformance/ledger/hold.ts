import { describe, expect, it } from 'vitest'
import type { Fence } from '../../../src/domain/lease.ts'
import type { Ledger, NewJob } from '../../../src/ledger/port.ts'
import {
  claimed,
  eventTypes,
  NO_JOB,
  type OpenLedger,
  refusal,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const HOLD_MS = 10_000
const BRIDGE = 'bridge'
const SUBMITTER = { name: BRIDGE, tokenId: 'token-of-bridge' }
const INTENT = { kind: 'branch', target: 'https://git.example/a#fix', revision: 'a'.repeat(40) }

/** A running job that its submitter holds for ten seconds. */
async function held(
  ledger: Ledger,
  differences: Partial<NewJob> = {},
): Promise<{ readonly fence: Fence; readonly holdUntil: number }> {
  const now = (await ledger.job(await submitted(ledger, { kind: 'other' }))).createdAt
  const holdUntil = now + HOLD_MS
  await submitted(ledger, { submitter: SUBMITTER, holdUntil, ...differences })
  return { fence: await claimed(ledger), holdUntil }
}

export function holdConformance(open: OpenLedger): void {
  describe('a hold', () => {
    it('lets a publication begin until its moment, and none from then on', async () => {
      const { ledger, advance } = await open()
      const { fence, holdUntil } = await held(ledger)
      expect(await ledger.job(fence.jobId)).toMatchObject({ holdUntil, submittedBy: BRIDGE })
      advance(HOLD_MS - 1)
      await ledger.intendPublication(fence, INTENT)
      advance(1)
      const other = { ...INTENT, target: 'https://git.example/a#other' }
      expect(await refusal(ledger.intendPublication(fence, other))).toBe('hold-lapsed')
      expect(await eventTypes(ledger, fence.jobId)).toEqual([
        'submitted',
        'claimed',
        'publication-intended',
      ])
    })

    it('that lapsed lets an intended publication complete', async () => {
      const { ledger, advance } = await open()
      const { fence } = await held(ledger)
      await ledger.intendPublication(fence, INTENT)
      advance(HOLD_MS)
      await ledger.intendPublication(fence, INTENT)
      const job = await ledger.settle(fence, { ...SUCCEEDED, reason: 'published' }, null)
      expect(job).toMatchObject({ state: 'succeeded', reason: 'published' })
    })

    it('that lapsed permits publications again when its submitter extends it', async () => {
      const { ledger, advance } = await open()
      const { fence, holdUntil } = await held(ledger)
      advance(HOLD_MS)
      expect(await refusal(ledger.intendPublication(fence, INTENT))).toBe('hold-lapsed')
      const extended = await ledger.extendHold(fence.jobId, holdUntil + 2, BRIDGE)
      expect(extended).toMatchObject({ state: 'running', holdUntil: holdUntil + 2 })
      await ledger.intendPublication(fence, INTENT)
      expect(await eventTypes(ledger, fence.jobId)).not.toContain('hold-extended')
    })

    it('is never shortened, and no other job gets one', async () => {
      const { ledger } = await open()
      const { fence, holdUntil } = await held(ledger)
      const free = await submitted(ledger, { submitter: SUBMITTER })
      const other = await submitted(ledger, { submitter: SUBMITTER, holdUntil: 1 })
      await ledger.extendHold(fence.jobId, holdUntil - 1, BRIDGE)
      expect(await ledger.job(fence.jobId)).toMatchObject({ holdUntil })
      await ledger.extendHold(fence.jobId, holdUntil + 1, BRIDGE)
      expect(await ledger.job(fence.jobId)).toMatchObject({ holdUntil: holdUntil + 1 })
      expect(await ledger.extendHold(free, holdUntil, BRIDGE)).toMatchObject({ holdUntil: null })
      expect(await ledger.job(other)).toMatchObject({ holdUntil: 1 })
    })

    it('is extended by its submitter alone, and only while the job lives', async () => {
      const { ledger } = await open()
      const { fence, holdUntil } = await held(ledger)
      const extend = (by: string) => refusal(ledger.extendHold(fence.jobId, holdUntil + 1, by))
      expect(await extend('somebody')).toBe('scope-missing')
      await ledger.settle(fence, SUCCEEDED, null)
      expect(await extend('somebody')).toBe('scope-missing')
      expect(await extend(BRIDGE)).toBe('job-terminal')
      expect(await ledger.job(fence.jobId)).toMatchObject({ holdUntil })
      expect(await refusal(ledger.extendHold(NO_JOB, 1, BRIDGE))).toBe('job-not-found')
    })

    it('may have lapsed before the submission, and a cancel takes precedence over it', async () => {
      const { ledger } = await open()
      const { fence } = await held(ledger, { holdUntil: 0 })
      expect(await refusal(ledger.intendPublication(fence, INTENT))).toBe('hold-lapsed')
      await ledger.requestCancel(fence.jobId, 'ada')
      expect(await refusal(ledger.intendPublication(fence, INTENT))).toBe('cancel-requested')
    })
  })
}
