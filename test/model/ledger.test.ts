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
import { describeNeeding } from '../support/needs.ts'
import { makePostgresBed, postgresOfFile } from '../support/postgres.ts'
import { type HandClock, makeSqliteBed, openOnSqlite } from '../support/sqlite-ledger.ts'
import { COMMANDS } from './ledger-commands.ts'
import { LedgerInvariants } from './ledger-invariants.ts'
import { type Model, newModel, newModelJob } from './ledger-model.ts'

const RUNS = Number(process.env['MODEL_RUNS'] ?? 20)
/** Fewer on PostgreSQL, where each statement is a round trip. */
const POSTGRES_RUNS = Math.ceil(RUNS / 4)
const SEED = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31)

type ModelBed = Bed & { readonly clock: HandClock; dispose(): Promise<void> }

/** Runs random sequences of commands and compares the ledger with the model. */
async function followModel(runs: number, makeBed: () => Promise<ModelBed>): Promise<void> {
  const sequences = fc.asyncProperty(
    fc.commands(COMMANDS, { maxCommands: 150, size: 'max' }),
    async (commands) => {
      const bed = await makeBed()
      const model = newModel(bed.clock.now())
      const setup = () => ({ model, real: { bed, invariants: new LedgerInvariants() } })
      try {
        await fc.asyncModelRun(setup, commands)
        await everyJobEnds(model, bed)
      } finally {
        await bed.dispose()
      }
    },
  )
  await fc.assert(sequences, { numRuns: runs, seed: SEED })
}

describe('the model of the ledger', () => {
  it(
    `any sequence of commands leaves the ledger as the table says (MODEL_SEED=${SEED})`,
    { timeout: 20_000 + RUNS * 2000 },
    async () => {
      await expect(followModel(RUNS, makeSqliteBed)).resolves.toBeUndefined()
    },
  )

  it('a difference between model and ledger is detected', async () => {
    const { ledger, clock } = await openOnSqlite()
    const { job } = await ledger.submit(aJob())
    await ledger.claim(aRequest())
    const model = newModel(clock.now())
    model.jobs.push(newModelJob(job.id, aJob(), clock.now()))
    await expect(new LedgerInvariants().check(model, ledger)).rejects.toThrow('L-8')
  })
})

describeNeeding(['postgresql', 'patience'], 'the model of the ledger on PostgreSQL', () => {
  const file = postgresOfFile()

  it(
    `any sequence of commands leaves it as the table says (MODEL_SEED=${SEED})`,
    { timeout: 30_000 + POSTGRES_RUNS * 10_000 },
    async () => {
      const followed = followModel(POSTGRES_RUNS, () => makePostgresBed(file.server))
      await expect(followed).resolves.toBeUndefined()
    },
  )
})

const ABLE = { labels: ['gpu', 'mac'], offers: ['agent:*', 'repo:*', 'model:*'] }

/** L-11: given workers and time, every accepted job ends. */
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
    const lease = await ledger.claim(aRequest(ABLE))
    if (lease === null) break
    await ledger.settle(fenceOf(lease), SUCCEEDED, null)
  }
  const jobs = await ledger.jobs({ filter: {}, after: null, limit: 1000 })
  const unfinished = jobs.filter(({ state }) => !isTerminal(state))
  expect(unfinished, 'L-11').toEqual([])
}
