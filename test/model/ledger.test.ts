import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTerminal } from '../../src/domain/state.ts'
import {
  aJob,
  aRequest,
  type Bed,
  fenceOf,
  LEASE_MS,
  SUCCEEDED,
} from '../conformance/ledger/bed.ts'
import { makeSqliteBed, openOnSqlite } from '../support/sqlite-ledger.ts'
import { COMMANDS } from './ledger-commands.ts'
import { LedgerInvariants } from './ledger-invariants.ts'
import { type Model, newModelJob } from './ledger-model.ts'

const RUNS = Number(process.env['MODEL_RUNS'] ?? 20)
const SEED = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

describe('the model of the ledger', () => {
  it(
    `any sequence of commands leaves the ledger as the table says (MODEL_SEED=${SEED})`,
    { timeout: 20_000 + RUNS * 2000 },
    async () => {
      const sequences = fc.asyncProperty(
        fc.commands(COMMANDS, { maxCommands: 150, size: 'max' }),
        async (commands) => {
          const bed = await makeSqliteBed()
          const model: Model = { now: bed.clock.now(), jobs: [] }
          const setup = () => ({ model, real: { bed, invariants: new LedgerInvariants() } })
          try {
            await fc.asyncModelRun(setup, commands)
            await everyJobEnds(model, bed)
          } finally {
            await bed.dispose()
          }
        },
      )
      await expect(fc.assert(sequences, { numRuns: RUNS, seed: SEED })).resolves.toBeUndefined()
    },
  )

  it('a model of another job than the ledger has is noticed', async () => {
    const { ledger, clock } = await openOnSqlite()
    const { job } = await ledger.submit(aJob())
    await ledger.claim(aRequest())
    const model: Model = { now: clock.now(), jobs: [newModelJob(job.id, aJob())] }
    await expect(new LedgerInvariants().check(model, ledger)).rejects.toThrow('L-8')
  })
})

/** L-11: with workers and time, nothing accepted stays unfinished. */
async function everyJobEnds(model: Model, bed: Bed): Promise<void> {
  const { ledger } = bed
  for (const { id } of model.jobs) {
    if ((await ledger.job(id)).state === 'paused') await ledger.resume(id, 'ada')
  }
  bed.advance(100 * LEASE_MS)
  await ledger.expire(1000)
  bed.advance(100 * LEASE_MS)
  await ledger.tidyLocks(1000)
  for (;;) {
    const lease = await ledger.claim(aRequest({ labels: ['gpu', 'mac'] }))
    if (lease === null) break
    await ledger.settle(fenceOf(lease), SUCCEEDED, null)
  }
  const jobs = await ledger.jobs({ filter: {}, after: null, limit: 1000 })
  const unfinished = jobs.filter(({ state }) => !isTerminal(state))
  expect(unfinished, 'L-11').toEqual([])
}
