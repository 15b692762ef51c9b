import { describe, expect, it } from 'vitest'
import {
  afterExpiry,
  afterHandBack,
  afterSettleFailed,
  ATTEMPTS_MAX,
  refusalCode,
  type Running,
} from './machine.ts'
import { RetryPolicy } from './retry.ts'
import { isTerminal, JobState } from './state.ts'
import { TRANSITIONS, TRIGGERS } from './transition.ts'

const running = (facts: Partial<Running> = {}): Running => ({
  attempt: 1,
  deferrals: 0,
  failures: 0,
  agentStarted: true,
  cancelRequested: false,
  retry: RetryPolicy.parse({}),
  ...facts,
})

describe('the end of an attempt', () => {
  it('requeues the first expiry at once and backs off from the second', () => {
    expect(afterExpiry(running())).toMatchObject({ state: 'queued', failures: 1, delayMs: 0 })
    expect(afterExpiry(running({ failures: 1 }))).toMatchObject({
      state: 'queued',
      failures: 2,
      delayMs: 10_000,
    })
  })

  it('costs no failure when the worker was lost before its agent started', () => {
    expect(afterExpiry(running({ agentStarted: false, failures: 2 }))).toMatchObject({
      state: 'queued',
      failures: 2,
    })
  })

  it('costs a failure even before the agent started when the policy counts it', () => {
    const retry = RetryPolicy.parse({ countEarlyExpiry: true })
    const lost = running({ agentStarted: false, failures: 1, retry })
    expect(afterExpiry(lost)).toMatchObject({ state: 'queued', failures: 2, delayMs: 10_000 })
    expect(afterExpiry({ ...lost, failures: 2 })).toMatchObject({ state: 'failed', failures: 3 })
    expect(afterExpiry(running({ failures: 0, retry }))).toMatchObject({ failures: 1 })
  })

  it('waits after a lost worker as long as the policy says, counted or not', () => {
    const retry = RetryPolicy.parse({ expiryDelayMs: 7000 })
    expect(afterExpiry(running({ failures: 1, retry }))).toMatchObject({ delayMs: 7000 })
    const early = running({ agentStarted: false, failures: 1, retry })
    expect(afterExpiry(early)).toMatchObject({ failures: 1, delayMs: 7000 })
    expect(afterExpiry({ ...early, retry: { ...retry, expiryDelayMs: 0 } })).toMatchObject({
      delayMs: 0,
    })
    expect(afterSettleFailed(running({ failures: 1, retry }), 'agent-failed')).toMatchObject({
      delayMs: 10_000,
    })
  })

  it('ends as attempts-exhausted at the last allowed failure', () => {
    expect(afterExpiry(running({ failures: 2 }))).toEqual({
      state: 'failed',
      reason: 'attempts-exhausted',
      failures: 3,
    })
    expect(afterSettleFailed(running({ failures: 2 }), 'agent-failed')).toMatchObject({
      reason: 'attempts-exhausted',
    })
  })

  it('names the failure itself when only one is allowed', () => {
    const once = running({ retry: RetryPolicy.parse({ maxFailures: 1 }) })
    expect(afterSettleFailed(once, 'agent-failed')).toEqual({
      state: 'failed',
      reason: 'agent-failed',
      failures: 1,
    })
  })

  it('fails at once for a reason that trying again cannot fix', () => {
    expect(afterSettleFailed(running(), 'ref-not-found')).toEqual({
      state: 'failed',
      reason: 'ref-not-found',
      failures: 1,
    })
  })

  it('stops a job that loses every worker before its agent starts', () => {
    expect(afterExpiry(running({ agentStarted: false, attempt: ATTEMPTS_MAX }))).toMatchObject({
      state: 'failed',
    })
  })

  it('is a cancel, never a retry, once a cancel was requested', () => {
    const asked = running({ cancelRequested: true })
    const ends = [
      afterExpiry(asked),
      afterHandBack(asked),
      afterSettleFailed(asked, 'agent-failed'),
    ]
    expect(ends.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  })

  it('costs no failure when the worker returns the job', () => {
    expect(afterHandBack(running({ failures: 2 }))).toEqual({
      state: 'queued',
      reason: 'handed-back',
      failures: 2,
      delayMs: 0,
    })
  })

  it('leads only where the transition table allows', () => {
    const nexts = [
      afterExpiry(running()),
      afterExpiry(running({ failures: 9 })),
      afterExpiry(running({ cancelRequested: true })),
    ]
    for (const cell of [TRANSITIONS.running.expire, TRANSITIONS.running.abandon]) {
      for (const { state } of nexts) expect('to' in cell && cell.to).toContain(state)
    }
  })
})

describe('the transition table', () => {
  it('lets nothing leave a terminal state', () => {
    for (const state of JobState.options.filter(isTerminal)) {
      const reached = TRIGGERS.flatMap((trigger) => {
        const cell = TRANSITIONS[state][trigger]
        return 'to' in cell ? cell.to : []
      })
      expect(new Set(reached)).toEqual(new Set(state === 'cancelled' ? ['cancelled'] : []))
    }
  })

  it('refuses every write of a worker that holds no lease', () => {
    const writes = TRIGGERS.filter((trigger) =>
      /^(?:renew|settle|pause|hand-back|abandon)/.test(trigger),
    )
    for (const trigger of writes) {
      expect([
        refusalCode('queued', trigger),
        refusalCode('paused', trigger),
        refusalCode('failed', trigger),
      ]).toEqual(['lease-lost', 'lease-lost', 'job-terminal'])
    }
  })
})
