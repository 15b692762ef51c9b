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
const told = (seq: number, attempt: number | null) => ({ seq, at: 0, attempt })
const product = (tree: string) => ({ step: 'plan', product: { tree } })

describe('fold', () => {
  it('no event means no job', () => {
    expect(fold([]).state).toBe('absent')
  })

  it('a job’s life is retold with its failures, checkpoints and publication', () => {
    const publication = { kind: 'branch', target: 'r#fix', revision: 'a' } as const
    const events: JobEvent[] = [
      { ...told(1, null), type: 'submitted', retryOf: null },
      claimedBy(2, 1),
      { ...told(3, 1), type: 'checkpoint', checkpoint: product('one') },
      {
        ...told(4, 1),
        type: 'requeued',
        reason: 'worker-lost',
        detail: '',
        failures: 1,
        notBefore: null,
      },
      claimedBy(5, 2),
      { ...told(6, 2), type: 'checkpoint', checkpoint: product('two') },
      {
        ...told(7, 2),
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

  it('what was published stays published when the attempt fails afterwards', () => {
    const publication = { kind: 'branch', target: 'r#fix', revision: 'a' } as const
    const events: JobEvent[] = [
      { ...told(1, null), type: 'submitted', retryOf: null },
      claimedBy(2, 1),
      { ...told(3, 1), type: 'published', publication },
      {
        ...told(4, 1),
        type: 'ended',
        failures: 1,
        settlement: { kind: 'failed', reason: 'worker-error', detail: '' },
      },
    ]
    expect(fold(events)).toMatchObject({ state: 'failed', publication })
  })
})
