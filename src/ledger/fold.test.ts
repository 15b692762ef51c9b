import { describe, expect, it } from 'vitest'
import type { JobEvent } from '../domain/event.ts'
import { fold } from './fold.ts'

const claimedBy = (seq: number, attempt: number): JobEvent => ({
  seq,
  at: 0,
  attempt,
  type: 'claimed',
  worker: 'anvil',
  bootId: 'boot',
  sandbox: 'none',
  leaseUntil: 1,
})
const place = (seq: number, attempt: number | null) => ({ seq, at: 0, attempt })
const product = (tree: string) => ({ step: 'plan', product: { tree } })

describe('fold', () => {
  it('a job without events is absent', () => {
    expect(fold([]).state).toBe('absent')
  })

  it('computes failures, checkpoints and publication', () => {
    const publication = { kind: 'branch', target: 'r#fix', revision: 'a' } as const
    const events: JobEvent[] = [
      { ...place(1, null), type: 'submitted', retryOf: null },
      claimedBy(2, 1),
      { ...place(3, 1), type: 'checkpoint', checkpoint: product('one') },
      {
        ...place(4, 1),
        type: 'requeued',
        reason: 'worker-lost',
        detail: '',
        failures: 1,
        notBefore: null,
      },
      claimedBy(5, 2),
      { ...place(6, 2), type: 'checkpoint', checkpoint: product('two') },
      {
        ...place(7, 2),
        type: 'ended',
        failures: 1,
        settlement: { kind: 'succeeded', reason: 'patch-ready', detail: '', publication },
      },
    ]
    expect(fold(events.slice(0, 4))).toMatchObject({ state: 'queued', reason: 'worker-lost' })
    expect(fold(events)).toEqual({
      state: 'succeeded',
      attempt: 2,
      reason: 'patch-ready',
      failures: 1,
      checkpoints: [product('two')],
      publication,
    })
  })

  it('a publication stays when the attempt fails afterwards', () => {
    const publication = { kind: 'branch', target: 'r#fix', revision: 'a' } as const
    const events: JobEvent[] = [
      { ...place(1, null), type: 'submitted', retryOf: null },
      claimedBy(2, 1),
      { ...place(3, 1), type: 'published', publication },
      {
        ...place(4, 1),
        type: 'ended',
        failures: 1,
        settlement: { kind: 'failed', reason: 'worker-error', detail: '' },
      },
    ]
    expect(fold(events)).toMatchObject({ state: 'failed', publication })
  })
})
