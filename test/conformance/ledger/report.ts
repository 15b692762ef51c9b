import { describe, expect, it } from 'vitest'
import { Usage } from '../../../src/domain/outcome.ts'
import type { Notification } from '../../../src/ledger/port.ts'
import { describeNeeding } from '../../support/needs.ts'
import {
  aRequest,
  claimed,
  eventTypes,
  refusal,
  FAILED,
  type OpenLedger,
  submitted,
  SUCCEEDED,
} from './bed.ts'

const INTENT = {
  kind: 'branch',
  target: 'https://git.example/a#fix',
  revision: 'a'.repeat(40),
}
const PLAN = { step: 'plan', product: { tree: 'one' } }

const checkpointOf = (n: number) => ({ step: `step-${n}`, product: {} })
const intentOf = (n: number) => ({ ...INTENT, target: `https://git.example/a#${n}` })

/** Runs the work for each number below a count, several at a time. */
async function inGroups(count: number, work: (n: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n)
  while (numbers.length > 0) await Promise.all(numbers.splice(0, 25).map(work))
}

export function reportConformance(open: OpenLedger): void {
  describe('what a worker reports', () => {
    it('events have no gap and a repeat adds nothing', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const one = { type: 'agent-started', agent: 'codex' } as const
      const two = { type: 'note', code: 'lfs', text: 'not fetched' } as const
      await ledger.appendEvents(fence, 1, [one])
      await ledger.appendEvents(fence, 1, [one, two])
      await ledger.appendEvents(fence, 2, [two])

      const events = await ledger.events(fence.jobId, 0, 100)
      expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
      expect(events.slice(2)).toMatchObject([
        { attempt: 1, ...one },
        { attempt: 1, ...two },
      ])
      expect(await ledger.events(fence.jobId, 3, 100)).toEqual(events.slice(3))
      expect(await ledger.events(fence.jobId, 0, 2)).toEqual(events.slice(0, 2))
    })

    it('a gap is refused, with the expected number', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const event = { type: 'note', code: 'n', text: 't' } as const
      expect(await refusal(ledger.appendEvents(fence, 2, [event]))).toBe('log-gap')
      expect(await eventTypes(ledger, fence.jobId)).not.toContain('note')
    })

    it('the job shows the last reported step, usage and publication', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const usage = Usage.parse({ requests: 1, outputTokens: 5 })
      const publication = INTENT
      await ledger.appendEvents(fence, 1, [
        { type: 'step-started', step: 'prepare' },
        { type: 'step-finished', step: 'prepare', durationMs: 3 },
        { type: 'step-started', step: 'agent' },
        { type: 'usage', usage },
        { type: 'published', publication },
      ])
      expect(await ledger.job(fence.jobId)).toMatchObject({ step: 'agent', usage, publication })
      expect(await ledger.handBack(fence)).toMatchObject({ step: null, sandbox: 'bubblewrap' })
    })

    it('a later attempt gets the newest checkpoint of each step, in order', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const first = await claimed(ledger)
      await ledger.checkpoint(first, PLAN)
      await ledger.checkpoint(first, { step: 'agent', product: {} })
      await ledger.settle(first, FAILED, null)
      const again = await claimed(ledger)
      await ledger.checkpoint(again, { step: 'plan', product: { tree: 'two' } })
      await ledger.handBack(again)

      expect((await ledger.claim(aRequest()))?.checkpoints).toEqual([
        { step: 'agent', product: {} },
        { step: 'plan', product: { tree: 'two' } },
      ])
    })

    it('a checkpoint or an intent sent twice is recorded once', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.checkpoint(fence, PLAN)
      await ledger.checkpoint(fence, { product: PLAN.product, step: PLAN.step })
      await ledger.intendPublication(fence, INTENT)
      await ledger.intendPublication(fence, { ...INTENT })
      const told = await eventTypes(ledger, fence.jobId)
      expect(told.slice(2)).toEqual(['checkpoint', 'publication-intended'])
    })

    it('a checkpoint that is sent again late does not undo the one after it', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const discarded = { ...PLAN, product: { tree: null } }
      await ledger.checkpoint(fence, PLAN)
      await ledger.checkpoint(fence, discarded)
      await ledger.checkpoint(fence, PLAN)
      await ledger.handBack(fence)
      expect((await ledger.claim(aRequest()))?.checkpoints).toEqual([discarded])
    })

    it('a later attempt may record the same checkpoint again', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const first = await claimed(ledger)
      await ledger.checkpoint(first, PLAN)
      await ledger.checkpoint(first, { ...PLAN, product: { tree: null } })
      await ledger.handBack(first)
      const again = await claimed(ledger)
      await ledger.checkpoint(again, PLAN)
      await ledger.handBack(again)
      expect((await ledger.claim(aRequest()))?.checkpoints).toEqual([PLAN])
    })

    it('a later attempt gets the intents of the earlier ones', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const first = await claimed(ledger)
      await ledger.intendPublication(first, INTENT)
      await ledger.settle(first, FAILED, null)
      expect((await ledger.claim(aRequest()))?.intents).toEqual([INTENT])
    })

    it('no publication begins after a cancel, but one that was intended completes', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await ledger.intendPublication(fence, INTENT)
      await ledger.requestCancel(fence.jobId, 'ada')

      await ledger.intendPublication(fence, INTENT)
      const other = { ...INTENT, target: 'https://git.example/a#other' }
      expect(await refusal(ledger.intendPublication(fence, other))).toBe('cancel-requested')
      const job = await ledger.settle(fence, { ...SUCCEEDED, reason: 'published' }, null)
      expect(job).toMatchObject({ state: 'succeeded', reason: 'cancelled-too-late' })
    })

    it('an artifact is stored once, replaced by other bytes, and accepted after the end too', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const patch = { ...fence, name: 'patch', digest: 'aa', size: 2, mediaType: 'text/plain' }
      await ledger.addArtifact(patch)
      await ledger.addArtifact(patch)
      await ledger.settle(fence, SUCCEEDED, null)
      await ledger.addArtifact({ ...patch, digest: 'bb', size: 3 })
      await ledger.addArtifact({ ...patch, name: 'log' })

      const kept = await ledger.artifacts(fence.jobId)
      expect(kept.map(({ name, digest, size }) => [name, digest, size])).toEqual([
        ['log', 'aa', 2],
        ['patch', 'bb', 3],
      ])
      expect(await refusal(ledger.addArtifact({ ...patch, attempt: 2 }))).toBe('job-not-found')
    })

    it('the number of artifacts per attempt is limited', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const named = (name: string) =>
        ledger.addArtifact({ ...fence, name, digest: 'aa', size: 2, mediaType: 'text/plain' })
      await inGroups(1000, (n) => named(`part-${n}`))
      await named('part-7')
      expect(await refusal(named('one-more'))).toBe('request-invalid')

      await submitted(ledger)
      const ofOther = { ...(await claimed(ledger)), name: 'first', digest: 'aa', size: 2 }
      await ledger.addArtifact({ ...ofOther, mediaType: 'text/plain' })
      await ledger.handBack(fence)
      const later = { ...(await claimed(ledger)), name: 'first', digest: 'aa', size: 2 }
      await ledger.addArtifact({ ...later, mediaType: 'text/plain' })
    })

    it('a repeated artifact notifies nobody', async () => {
      const { ledger, advance } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const patch = { ...fence, name: 'patch', digest: 'aa', size: 2, mediaType: 'text/plain' }
      await ledger.addArtifact(patch)
      const kept = await ledger.artifacts(fence.jobId)
      const heard: Notification[] = []
      ledger.subscribe((notification) => heard.push(notification))
      advance(1000)
      await ledger.addArtifact(patch)
      expect(await ledger.artifacts(fence.jobId)).toEqual(kept)
      expect(heard).toEqual([])
    })

    it('the number of events per attempt is limited', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      const event = { type: 'note', code: 'n', text: 't' } as const
      const many = Array.from({ length: 100_001 }, () => event)
      expect(await refusal(ledger.appendEvents(fence, 1, many))).toBe('request-invalid')
      expect(await eventTypes(ledger, fence.jobId)).not.toContain('note')
    })
  })

  describeNeeding(['patience'], 'the limits of what a worker reports', () => {
    it('the number of checkpoints and intents per job is limited, and repeats do not count', async () => {
      const { ledger } = await open()
      await submitted(ledger)
      const fence = await claimed(ledger)
      await inGroups(999, (n) => ledger.checkpoint(fence, checkpointOf(n)))
      await ledger.checkpoint(fence, PLAN)
      await inGroups(300, (n) => ledger.intendPublication(fence, intentOf(n)))
      expect(await refusal(ledger.checkpoint(fence, checkpointOf(999)))).toBe('request-invalid')
      expect(await refusal(ledger.intendPublication(fence, INTENT))).toBe('request-invalid')
      await ledger.checkpoint(fence, PLAN)
      await ledger.intendPublication(fence, intentOf(0))
      await ledger.handBack(fence)
      const again = await ledger.claim(aRequest())
      expect(again?.checkpoints).toHaveLength(1000)
      expect(again?.intents).toHaveLength(300)
    })
  })
}
