import { describe, expect, it } from 'vitest'
import type { Ledger } from '../../../src/ledger/port.ts'
import {
  aRequest,
  claimed,
  eventTypes,
  FAILED,
  fenceOf,
  LEASE_MS,
  type OpenLedger,
  refusal,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const SALVAGED = { step: 'agent', product: { work: { salvaged: true } } }

/** Claims the next job, and reports that its agent has started. */
async function claimedWithAgent(ledger: Ledger) {
  const fence = await claimed(ledger)
  await ledger.appendEvents(fence, 1, [{ type: 'agent-started', agent: 'codex' }])
  return fence
}

const nextLease = (ledger: Ledger) => ledger.claim(aRequest())

/** The work of earlier attempts and jobs, as a claim brings it. */
export function earlierWorkConformance(open: OpenLedger): void {
  describe('the work of a dead attempt', () => {
    it.each(['before', 'after'] as const)(
      'reaches the next attempt when it is recorded %s the lease has expired',
      async (when) => {
        const { ledger, advance } = await open()
        await submitted(ledger)
        const dead = await claimed(ledger)
        await ledger.checkpoint(dead, { step: 'agent', product: { work: null } })
        if (when === 'before') await ledger.recordSalvage(dead, SALVAGED)
        advance(LEASE_MS)
        await ledger.expire(10)
        if (when === 'after') await ledger.recordSalvage(dead, SALVAGED)
        expect((await nextLease(ledger))?.checkpoints).toEqual([SALVAGED])
      },
    )

    it('is recorded once when it is sent twice', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const dead = await claimed(ledger)
      await ledger.handBack(dead)
      await ledger.recordSalvage(dead, SALVAGED)
      await ledger.recordSalvage(dead, { ...SALVAGED })
      const types = await eventTypes(ledger, dead.jobId)
      expect(types.filter((type) => type === 'checkpoint')).toHaveLength(1)
    })

    it('is refused once the next attempt has begun, the job is paused, or the job has ended', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const dead = await claimed(ledger)
      await ledger.handBack(dead)
      const second = await claimed(ledger)
      expect(await refusal(ledger.recordSalvage(dead, SALVAGED))).toBe('lease-lost')
      await ledger.pause(second, { reason: 'waiting-for-person', detail: '' }, null)
      expect(await refusal(ledger.recordSalvage(second, SALVAGED))).toBe('lease-lost')
      await ledger.resume(dead.jobId, 'ada')
      const third = await claimed(ledger)
      await ledger.settle(third, SUCCEEDED, null)
      expect(await refusal(ledger.recordSalvage(third, SALVAGED))).toBe('job-terminal')
      expect(await eventTypes(ledger, dead.jobId)).not.toContain('checkpoint')
    })
  })

  describe('an attempt', () => {
    it('learns how the newest attempt before it ended in which an agent ran', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      await ledger.handBack(await claimed(ledger))

      const first = await nextLease(ledger)
      // In the attempt before, no agent had started.
      expect(first?.ended).toBeNull()
      if (first === null) return
      await ledger.appendEvents(fenceOf(first), 1, [{ type: 'agent-started', agent: 'codex' }])
      await ledger.settle(fenceOf(first), FAILED, null)

      const second = await nextLease(ledger)
      expect(second?.ended).toEqual({ reason: 'agent-failed', detail: 'exit 1' })
      if (second === null) return
      await ledger.settle(fenceOf(second), { ...FAILED, reason: 'disk-full' }, null)
      advance(3_600_000)

      const third = await nextLease(ledger)
      expect(third?.ended).toEqual({ reason: 'agent-failed', detail: 'exit 1' })
    })

    it('learns that the attempt before it was handed back, paused, or lost', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      await ledger.handBack(await claimedWithAgent(ledger))
      const second = await nextLease(ledger)
      expect(second?.ended).toEqual({ reason: 'handed-back', detail: '' })
      if (second === null) return
      const fence = fenceOf(second)
      await ledger.appendEvents(fence, 1, [{ type: 'agent-started', agent: 'codex' }])
      await ledger.pause(fence, { reason: 'quota-exhausted', detail: 'used up' }, null)
      await ledger.resume(fence.jobId, 'ada')
      const third = await nextLease(ledger)
      expect(third?.ended).toEqual({ reason: 'quota-exhausted', detail: 'used up' })
      if (third === null) return
      await ledger.appendEvents(fenceOf(third), 1, [{ type: 'agent-started', agent: 'codex' }])
      advance(LEASE_MS)
      await ledger.expire(10)
      expect((await nextLease(ledger))?.ended).toEqual({ reason: 'worker-lost', detail: '' })
    })

    it('learns what the job was and how it ended that its job continues', async () => {
      const { ledger } = await open()
      const earlier = await submitted(ledger, { title: 'Fix add' })
      const reason = 'check-failed' as const
      const detail = 'check "test" failed:\nexpected 4'
      await ledger.settle(await claimed(ledger), { ...FAILED, reason, detail }, null)
      await submitted(ledger, { retryOf: earlier })
      expect((await nextLease(ledger))?.continues).toMatchObject({
        jobId: earlier,
        title: 'Fix add',
        ended: { reason, detail },
        summary: null,
      })
    })

    it('learns the last message of the agent whose job its job continues', async () => {
      const { ledger } = await open()
      const earlier = await submitted(ledger)
      await ledger.settle(await claimed(ledger), { ...SUCCEEDED, summary: 'Done.' }, null)
      await submitted(ledger, { retryOf: earlier })
      expect((await nextLease(ledger))?.continues).toMatchObject({ summary: 'Done.' })
    })
  })
}
