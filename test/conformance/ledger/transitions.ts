import { describe, expect, it } from 'vitest'
import type { JobId } from '../../../src/domain/id.ts'
import type { Fence } from '../../../src/domain/lease.ts'
import type { Deferral } from '../../../src/domain/outcome.ts'
import { JobState } from '../../../src/domain/state.ts'
import { type Trigger, TRANSITIONS, TRIGGERS } from '../../../src/domain/transition.ts'
import type { Ledger } from '../../../src/ledger/port.ts'
import {
  aRequest,
  type Bed,
  CANCELLED,
  claimed,
  refusal,
  FAILED,
  LEASE_MS,
  NO_JOB,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const WAITING = { reason: 'waiting-for-person', detail: '' } as const
const AWAY = {
  reason: 'repository-unreachable',
  detail: '',
  closed: { key: 'host:https://git.example', covers: [] },
} as const satisfies Deferral
const FATAL = { ...FAILED, reason: 'ref-not-found' } as const

/** Tests every cell of the transition table that a caller can reach. */
export function transitionsConformance(open: OpenLedger): void {
  describe('transitions', () => {
    const states = ['absent', ...JobState.options] as const
    const cells = states.flatMap((state) =>
      TRIGGERS.filter((trigger) => trigger !== 'submit').map(
        (trigger) => [state, trigger] as const,
      ),
    )

    it.each(cells)('a job that is %s answers %s as the table says', async (state, trigger) => {
      const bed = await open()
      const fence = await bring(bed.ledger, state)
      const cell = TRANSITIONS[state][trigger]
      const answer = await refusal(fire(bed, fence, trigger))
      const after = state === 'absent' ? state : (await bed.ledger.job(fence.jobId)).state

      expect('to' in cell ? cell.to : [state]).toContain(after)
      expect(answer).toBe('to' in cell || choosesItsJob(trigger) ? 'none' : cell.refused)
    })
  })
}

/** Claim and expire name no job, so they skip a job where the transition is refused. */
const choosesItsJob = (trigger: Trigger): boolean => trigger === 'claim' || trigger === 'expire'

/** Brings a job into this state; returns the fence of its last attempt. */
async function bring(ledger: Ledger, state: JobState | 'absent'): Promise<Fence> {
  if (state === 'absent') return { jobId: NO_JOB, attempt: 1 }
  const jobId = await submitted(ledger)
  if (state === 'queued') return { jobId, attempt: 1 }
  const fence = await claimed(ledger)
  if (state === 'paused') await ledger.pause(fence, WAITING, null)
  // Different content than in `fire`, so that nothing counts as a repeat.
  if (state === 'succeeded') await ledger.settle(fence, { ...SUCCEEDED, detail: 'first' }, null)
  if (state === 'failed') await ledger.settle(fence, { ...FATAL, detail: 'first' }, null)
  if (state === 'cancelled') {
    await ledger.requestCancel(jobId, 'ada')
    await ledger.settle(fence, { ...CANCELLED, detail: 'first' }, null)
  }
  return fence
}

async function fire(bed: Bed, fence: Fence, trigger: Exclude<Trigger, 'submit'>): Promise<unknown> {
  const { ledger } = bed
  switch (trigger) {
    case 'claim':
      return ledger.claim(aRequest())
    case 'renew':
      return ledger.renew(fence, LEASE_MS)
    case 'settle-succeeded':
      return ledger.settle(fence, SUCCEEDED, null)
    case 'settle-failed':
      return ledger.settle(fence, FATAL, null)
    case 'settle-cancelled':
      await cancelIfRunning(ledger, fence.jobId)
      return ledger.settle(fence, CANCELLED, null)
    case 'pause':
      return ledger.pause(fence, { ...WAITING, detail: 'second' }, null)
    case 'resume':
      return ledger.resume(fence.jobId, 'ada')
    case 'request-cancel':
      return ledger.requestCancel(fence.jobId, 'ada')
    case 'expire':
      bed.advance(LEASE_MS)
      return ledger.expire(10)
    case 'hand-back':
      return ledger.handBack(fence)
    case 'defer':
      return ledger.defer(fence, AWAY, null)
    case 'abandon':
      return ledger.abandon(fence)
  }
}

/** Settling as cancelled is allowed only after a request to cancel. */
async function cancelIfRunning(ledger: Ledger, jobId: JobId): Promise<void> {
  if (jobId === NO_JOB) return
  const { state } = await ledger.job(jobId)
  if (state === 'running') await ledger.requestCancel(jobId, 'ada')
}
