import * as fc from 'fast-check'
import type { Fence } from '../../src/domain/lease.ts'
import type { JobState } from '../../src/domain/state.ts'
import type { Ending } from '../../src/ledger/attempt-end.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import type { Bed } from '../conformance/ledger/bed.ts'
import type { LedgerInvariants } from './ledger-invariants.ts'
import type { Model, ModelJob } from './ledger-model.ts'

export type Real = { readonly bed: Bed; readonly invariants: LedgerInvariants }
export type Command = fc.AsyncCommand<Model, Real>

/** A command that checks every invariant after it has run. */
export function command(name: string, run: (model: Model, bed: Bed) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (model, { bed, invariants }) => {
      await run(model, bed)
      await invariants.check(model, bed.ledger)
    },
    toString: () => name,
  }
}

type OnJob = (call: {
  readonly model: Model
  readonly bed: Bed
  readonly job: ModelJob
  /** The fence of the newest attempt, or of the previous one for a stale command. */
  readonly attempt: number
}) => Promise<void>

/** A command on one of the jobs, mostly a job in a state where the command has an effect. */
export const onJob = (
  name: string,
  run: OnJob,
  preferred: JobState = 'running',
): fc.Arbitrary<Command> =>
  fc.tuple(fc.nat(50), fc.nat(3), fc.nat(9)).map(([index, anyState, stale]) => ({
    ...command(`${name}(${index}${stale === 0 ? ', stale' : ''})`, async (model, bed) => {
      const likely = model.jobs.filter(({ state }) => state === preferred)
      const from = anyState === 0 || likely.length === 0 ? model.jobs : likely
      const job = from[index % from.length]!
      await run({ model, bed, job, attempt: job.attempt - (stale === 0 ? 1 : 0) })
    }),
    check: (model) => model.jobs.length > 0,
  }))

/** Few different values, so that some commands are repeats and some are not. */
export const detail = fc.constantFrom('one', 'two')

/** Reports how an attempt ended. */
export function say(ledger: Ledger, fence: Fence, outcome: Ending): Promise<unknown> {
  if (outcome.kind === 'lease-lost') throw new Error('a lost lease is never reported as an outcome')
  if (outcome.kind === 'handed-back') return ledger.handBack(fence)
  if (outcome.kind === 'abandoned') return ledger.abandon(fence)
  if (outcome.kind === 'paused') {
    const { kind: _kind, ...why } = outcome
    return ledger.pause(fence, why, null)
  }
  if (outcome.kind === 'deferred') {
    const { kind: _kind, ...why } = outcome
    return ledger.defer(fence, why, null)
  }
  return ledger.settle(fence, outcome, null)
}
