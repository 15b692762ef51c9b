import { expect } from 'vitest'
import type { JobEvent } from '../../src/domain/event.ts'
import type { Job } from '../../src/domain/job.ts'
import { isTerminal } from '../../src/domain/state.ts'
import { fold } from '../../src/ledger/fold.ts'
import type { Ledger } from '../../src/ledger/port.ts'
import { inputsOf, type Model } from './ledger-model.ts'

const MANY = 10_000

/** Checks invariants of SPEC.md after every command. Remembers ended jobs, which must not change. */
export class LedgerInvariants {
  readonly #ended = new Map<string, Job>()

  async check(model: Model, ledger: Ledger): Promise<void> {
    const jobs = await ledger.jobs({ filter: {}, after: null, limit: MANY })
    for (const job of jobs) {
      const events = await ledger.events(job.id, 0, MANY)
      contiguousEvents(events)
      contiguousAttempts(job, events)
      oneHolder(events)
      foldEqualsRow(job, events)
      terminalStays(job, this.#ended)
    }
    locksExclusive(jobs)
    rowsEqualModel(jobs, model)
    await countsEqualRows(jobs, ledger)
    await noJobIsStranded(ledger)
    await bytesAreKept(model, ledger)
  }
}

function contiguousEvents(events: readonly JobEvent[]): void {
  const expected = events.map((_, index) => index + 1)
  expect(
    events.map(({ seq }) => seq),
    'L-1',
  ).toEqual(expected)
}

function contiguousAttempts(job: Job, events: readonly JobEvent[]): void {
  const attempts = events.filter(({ type }) => type === 'claimed').map(({ attempt }) => attempt)
  const expected = Array.from({ length: job.attempt }, (_, index) => index + 1)
  expect(attempts, 'L-2').toEqual(expected)
}

function terminalStays(job: Job, ended: Map<string, Job>): void {
  expect(ended.get(job.id) ?? job, 'L-4').toEqual(job)
  if (isTerminal(job.state)) ended.set(job.id, job)
}

/** An attempt ends before the next claim. */
function oneHolder(events: readonly JobEvent[]): void {
  let held = false
  for (const event of events) {
    if (event.type === 'claimed') expect(held, 'L-3').toBe(false)
    if (event.type === 'claimed') held = true
    if (event.type === 'requeued' || event.type === 'paused' || event.type === 'ended') held = false
  }
}

function foldEqualsRow(job: Job, events: readonly JobEvent[]): void {
  const { state, attempt, reason, failures, publication } = job
  const row = { state, attempt, reason, failures, publication }
  expect(fold(events), 'L-5').toMatchObject(row)
}

function locksExclusive(jobs: readonly Job[]): void {
  const held = jobs.filter(({ state }) => state === 'running').flatMap(({ locks }) => locks)
  expect(new Set(held).size, 'L-6').toBe(held.length)
}

function rowsEqualModel(jobs: readonly Job[], model: Model): void {
  const rows = jobs.map(
    ({ id, state, reason, attempt, failures, holdUntil, cancelRequestedAt }) => ({
      id,
      state,
      reason,
      attempt,
      failures,
      holdUntil,
      cancelRequested: cancelRequestedAt !== null,
    }),
  )
  const expected = model.jobs
    .map(({ id, state, reason, attempt, failures, holdUntil, cancelRequested }) => ({
      id,
      state,
      reason,
      attempt,
      failures,
      holdUntil,
      cancelRequested,
    }))
    .toReversed()
  expect(rows, 'L-8').toEqual(expected)
}

async function countsEqualRows(jobs: readonly Job[], ledger: Ledger): Promise<void> {
  const counted = (await ledger.counts()).map(({ state, jobs: count }) => [state, count] as const)
  const states = Object.entries(Object.groupBy(jobs, ({ state }) => state))
  const expected = states.map(([state, found]) => [state, found.length] as const)
  expect(new Map(counted), 'L-9').toEqual(new Map(expected))
}

/** No job waits for a lock key that no job holds. */
async function noJobIsStranded(ledger: Ledger): Promise<void> {
  expect(await ledger.strandedJobs(1), 'L-7').toEqual([])
}

/** Every upload keeps its bytes, and every input has an upload. */
async function bytesAreKept(model: Model, ledger: Ledger): Promise<void> {
  const digests = [...model.blobs.keys()].toSorted()
  const asked = [...new Set([...digests, ...model.jobs.flatMap(inputsOf)])]
  expect([...(await ledger.referenced(asked, null))].toSorted(), 'L-46').toEqual(digests)
}
