import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { AttemptReport, RunKind } from '../domain/attempt.ts'
import { AppError } from '../domain/errors.ts'
import type { WorkerEvent } from '../domain/event.ts'
import { newJobId } from '../domain/id.ts'
import { Limits } from '../domain/limits.ts'
import type { Outcome } from '../domain/outcome.ts'
import { noProbe } from '../domain/probe.ts'
import { StepFailed, type StopCause } from '../domain/stop.ts'
import { Work } from '../domain/work.ts'
import { silentLog } from '../platform/log.ts'
import { testClock } from '../../test/support/clock.ts'
import { runAttempt } from './run-attempt.ts'
import { StopOrder } from './stop-order.ts'

const DONE: Outcome = {
  kind: 'succeeded',
  reason: 'no-change',
  detail: '',
  publication: null,
}

const nothing = async (): Promise<void> => {}
const launch = (): never => {
  throw new Error('this attempt starts no program')
}

/** An attempt without a hub, with a clock that the test advances; `told` has its events. */
function anAttempt(limits: Partial<Limits> = {}) {
  const told: WorkerEvent[] = []
  const clock = testClock()
  const stopOrder = new StopOrder()
  const job = { id: newJobId(0, () => new Uint8Array(16)), kind: 'code', title: 't', payload: {} }
  const work = Work.parse({ ...job, limits: Limits.parse(limits) })
  const earlier = { checkpoints: [], intents: [], ended: null, continues: null, inputs: [] }
  const report: AttemptReport = {
    tell: (event) => told.push(event),
    log: () => {},
    keep: () => {},
    checkpoint: async () => true,
    intend: nothing,
    fetchInput: nothing,
    fetchContinued: nothing,
    fetchKept: nothing,
  }
  const parts = {
    given: {
      work,
      earlier,
      number: 1,
      folder: '/',
      report,
      launch,
      marker: 'test',
      door: null,
      refusal: async () => null,
      reached: () => {},
    },
    clock,
    log: silentLog,
    probe: noProbe,
  }
  return { told, clock, stopOrder, run: (kind: RunKind) => runAttempt(kind, parts, stopOrder) }
}

/** Runs until the signal aborts, then throws its reason as every step does. */
const untilStopped: RunKind = (attempt, signal) =>
  attempt.step('work', async () => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    throw signal.reason
  })

describe('an attempt', () => {
  it('returns the outcome of its kind and reports each step', async () => {
    const { told, run } = anAttempt()
    const outcome = await run(async (attempt) => {
      await attempt.step('one', async () => {})
      return await attempt.step('two', async () => DONE)
    })
    expect(outcome).toEqual(DONE)
    expect(told.map((event) => ('step' in event ? `${event.type} ${event.step}` : ''))).toEqual([
      'step-started one',
      'step-finished one',
      'step-started two',
      'step-finished two',
    ])
  })

  it('fails with the reason of the step that failed', async () => {
    const outcome = await anAttempt().run((attempt) =>
      attempt.step('workspace', async () => {
        throw new StepFailed('ref-not-found', 'no branch nowhere')
      }),
    )
    expect(outcome).toEqual({
      kind: 'failed',
      reason: 'ref-not-found',
      detail: 'no branch nowhere',
      step: 'workspace',
    })
  })

  it('fails with the code of a machine error', async () => {
    const outcome = await anAttempt().run(async () => {
      throw new AppError('sandbox-missing', 'bwrap is not there.')
    })
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'sandbox-missing' })
    expect(outcome).toHaveProperty('detail', expect.stringContaining('apt-get install bubblewrap'))
  })

  it('fails with disk-full when a write finds no space', async () => {
    const outcome = await anAttempt().run(async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    })
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'disk-full' })
  })

  it('fails with worker-error for any other error', async () => {
    const outcome = await anAttempt().run((attempt) =>
      attempt.step('agent', async () => {
        throw new TypeError('undefined is not a function')
      }),
    )
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'worker-error', step: 'agent' })
  })

  it.each<[StopCause, object]>([
    [{ kind: 'cancelled' }, { kind: 'cancelled', reason: 'cancelled-by-request' }],
    [{ kind: 'drained' }, { kind: 'handed-back' }],
    [{ kind: 'lease-lost' }, { kind: 'lease-lost' }],
    [
      { kind: 'limit', reason: 'disk-full', detail: 'no room' },
      { kind: 'failed', reason: 'disk-full', detail: 'no room', step: 'work' },
    ],
  ])('that is stopped as %j ends as that', async (cause, ending) => {
    const { stopOrder, run } = anAttempt()
    const outcome = run(untilStopped)
    stopOrder.stop(cause)
    expect(await outcome).toMatchObject(ending)
  })

  it('ends as stopped, whatever breaks while it stops', async () => {
    const { stopOrder, run } = anAttempt()
    const outcome = await run(async () => {
      stopOrder.stop({ kind: 'cancelled' })
      throw new StepFailed('workspace-failed', 'git was killed')
    })
    expect(outcome).toMatchObject({ kind: 'cancelled' })
  })

  it('does not begin a step after a stop', async () => {
    const { told, stopOrder, run } = anAttempt()
    stopOrder.stop({ kind: 'drained' })
    expect(await run((attempt) => attempt.step('one', async () => DONE))).toEqual({
      kind: 'handed-back',
    })
    expect(told).toEqual([])
  })

  it('goes no further than the step in which it was stopped, even if that step ends well', async () => {
    const { told, stopOrder, run } = anAttempt()
    const outcome = await run(async (attempt) => {
      await attempt.step('one', async () => stopOrder.stop({ kind: 'drained' }))
      return await attempt.step('two', async () => DONE)
    })
    expect(outcome).toEqual({ kind: 'handed-back' })
    expect(told.map((event) => ('step' in event ? event.step : ''))).toEqual(['one', 'one'])
  })

  it('is stopped at the wall limit', async () => {
    const { clock, run } = anAttempt({ wallMs: 90_000 })
    const outcome = run(untilStopped)
    clock.advance(90_000)
    expect(await outcome).toMatchObject({
      kind: 'failed',
      reason: 'wall-limit',
      detail: expect.stringContaining('90000 ms'),
    })
  })

  it('is stopped when the watched work is silent too long, not while it shows progress', async () => {
    const { clock, stopOrder, run } = anAttempt({ idleMs: 60_000 })
    const { promise: watching, resolve: watched } = Promise.withResolvers<() => void>()
    const outcome = run((attempt, signal) =>
      attempt.watched(async (alive) => {
        watched(alive)
        return await untilStopped(attempt, signal)
      }),
    )
    const alive = await watching
    clock.advance(50_000)
    alive()
    clock.advance(50_000)
    await setImmediate()
    expect(stopOrder.why).toBeNull()
    clock.advance(20_000)
    expect(await outcome).toMatchObject({ kind: 'failed', reason: 'idle-limit' })
  })
})
