import { describe, expect, it } from 'vitest'
import { JobEvent } from '../domain/event.ts'
import { stepRows } from './steps.ts'

/** One event a second. */
const rows = (...events: readonly object[]): readonly (readonly string[])[] =>
  stepRows(
    events.map((event, index) =>
      JobEvent.parse({ seq: index + 1, at: index * 1000, attempt: 1, ...event }),
    ),
  )
const started = (step: string, attempt = 1): object => ({ type: 'step-started', step, attempt })
const requeued = (reason: string): object => {
  return { type: 'requeued', reason, detail: '', failures: 1, notBefore: null }
}
const failed = (reason: string, step?: string): object => ({
  type: 'ended',
  failures: 3,
  settlement: { kind: 'failed', reason, ...(step === undefined ? {} : { step }) },
})

describe('a step', () => {
  it('shows how long it took, or that it is running', () => {
    const finished = { type: 'step-finished', step: 'workspace', durationMs: 1500 }
    expect(rows(started('workspace'), finished, started('agent'))).toEqual([
      ['1', 'workspace', '1.5 s'],
      ['1', 'agent', 'running'],
    ])
  })

  it.each([
    ['failed', requeued('agent-failed')],
    ['lost, noticed', requeued('worker-lost')],
    ['stopped', requeued('handed-back')],
    ['failed', failed('check-failed')],
    ['failed', failed('attempts-exhausted', 'agent')],
    ['lost, noticed', failed('attempts-exhausted')],
    ['stopped', { type: 'paused', reason: 'quota-exhausted', detail: '', resumeAt: null }],
    [
      'stopped',
      {
        type: 'ended',
        failures: 0,
        settlement: { kind: 'cancelled', reason: 'cancelled-by-request' },
      },
    ],
  ])('whose attempt ended in it is %s', (how, end) => {
    expect(rows(started('agent'), end)).toEqual([['1', 'agent', `${how} after 1.0 s`]])
  })

  it('that another one followed has failed, whatever later attempts do', () => {
    expect(rows(started('checks'), started('salvage'), started('agent', 2))).toEqual([
      ['1', 'checks', 'failed after 1.0 s'],
      ['1', 'salvage', 'running'],
      ['2', 'agent', 'running'],
    ])
  })
})
