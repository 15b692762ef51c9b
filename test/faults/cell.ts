// One cell of the matrix: one job, one moment, one fault.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isAppError } from '../../src/domain/errors.ts'
import type { JobId } from '../../src/domain/id.ts'
import { isTerminal } from '../../src/domain/state.ts'
import type { Fault } from '../support/fault-probe.ts'
import type { Verdict } from './evidence.ts'
import type { Meeting, Scenario } from './places.ts'
import type { Kept } from './programs.ts'
import { HOLD_MS, MODELS, orderFor } from './scenarios.ts'
import { storeUnreferenced } from './store.ts'
import { LEASE_MS, World } from './world.ts'

export type Cell = {
  readonly meeting: Meeting
  /** Which pass of the moment is disturbed. */
  readonly nth: number
  readonly fault: Fault
  readonly engine: 'sqlite' | 'postgres'
}

export type CellResult = Cell &
  Verdict & {
    readonly isHit: boolean
    readonly crashes: number
    /** From the fault to the next claim of the job, in milliseconds; null when nobody took over. */
    readonly takeover: number | null
    readonly seconds: number
    /** What is left to look at when something is wrong. */
    readonly folder: string
  }

/** A stopped program is woken at the latest after this. */
const PAUSE_MS_MAX = LEASE_MS + 3500
/** Enough for a lease to run out and be swept. */
const PAUSE_MS = LEASE_MS + 500

/** Logs are kept for a day here. */
const DAYS_MS = 3 * 86_400_000
/** Between two extensions of a hold. */
const EXTEND_MS = 500
const HELD_MS_MAX = 90_000
/** Longer than a killed worker needs to start again, even on a busy machine. */
const LONG_LEASE_MS = 30_000

/** On a machine so busy that leases run out by themselves a moment may not come at once. */
const TRIES = 3

/** @param folder for everything that lies about; it need not exist */
export async function runCell(
  cell: Cell,
  tools: { readonly folder: string; readonly database: () => Promise<string | null> },
): Promise<CellResult> {
  for (let tries = 1; ; tries += 1) {
    const folder = join(tools.folder, `try-${tries}`)
    const result = await tryCell(cell, { folder, database: await tools.database() })
    if (result.isHit || tries === TRIES) return result
  }
}

async function tryCell(
  cell: Cell,
  { folder, database }: { readonly folder: string; readonly database: string | null },
): Promise<CellResult> {
  const began = performance.now()
  await mkdir(folder, { recursive: true })
  const { meeting, nth, fault } = cell
  const { label, scenario } = meeting
  const state: { job: JobId | null; at: number | null } = { job: null, at: null }
  const world = await World.make({
    folder,
    database,
    replay: await writeModel(folder, scenario),
    onFault: (kept) => {
      state.at = Date.now()
      void answer(fault, { kept, world, place: meeting.in, job: () => state.job })
    },
  })
  try {
    const plan = { label, nth, fault }
    const plans = meeting.life === 2 ? [null, plan] : [plan]
    await world.startHub({ plans: meeting.in === 'hub' ? plans : [] })
    const worker = world.startWorker('worker-1', {
      plans: meeting.in === 'worker' ? plans : [],
      ...(scenario === 'worker restarts' ? { leaseMs: LONG_LEASE_MS } : {}),
    })
    await worker.ready()
    const job = await world.submit(orderFor(scenario, `job-${label}`))
    state.job = job
    await disturb(scenario, world, job)
    await world.untilEnded()
    const { facts, ...verdict } = await world.judge()
    const claims = (facts.events.get(job) ?? []).filter(({ type }) => type === 'claimed')
    const next = claims.find(({ at }) => state.at !== null && at > state.at)
    const takeover = next === undefined || state.at === null ? null : next.at - state.at
    const isHit = state.at !== null
    const seconds = (performance.now() - began) / 1000
    return { ...cell, ...verdict, isHit, crashes: world.crashes, takeover, seconds, folder }
  } finally {
    await world.close()
  }
}

async function writeModel(folder: string, scenario: Scenario): Promise<string | undefined> {
  const model = MODELS[scenario]
  if (model === undefined) return undefined
  const file = join(folder, 'model.json')
  await writeFile(file, JSON.stringify(model))
  return file
}

/** Nothing happens there but the fault. */
const UNDISTURBED: readonly Scenario[] = [
  'plain',
  'inputs',
  'generate',
  'hold lapses',
  'hold lapses late',
  'second turn',
  'hub starts',
  'quota',
  'outage',
]

/** What the scenario adds once the agent works, or the check. */
async function disturb(scenario: Scenario, world: World, job: JobId): Promise<void> {
  if (UNDISTURBED.includes(scenario)) return
  if (scenario === 'collect') return await collect(world, job)
  if (scenario === 'hold') return await keepHold(world, job)
  const isInCheck = ['worker stops in a check', 'generate again'].includes(scenario)
  const { attempt } = await world.until(
    job,
    ({ state, step }) => state === 'running' && step === (isInCheck ? 'checks' : 'agent'),
  )
  if (['worker dies', 'worker restarts', 'generate again'].includes(scenario)) {
    world.program('worker-1').send('SIGKILL')
  }
  if (scenario === 'worker is gone') {
    await world.program('worker-1').stop()
    world.startWorker('worker-2')
  }
  if (['worker stops', 'worker stops in a check'].includes(scenario)) {
    world.program('worker-1').send('SIGTERM')
  }
  if (scenario === 'hub stops') world.program('hub').send('SIGTERM')
  if (scenario === 'cancel') {
    await world.patiently((client, signal) => client.call('cancelJob', { params: { job } }, signal))
  }
  // The hub that stops ends no attempt; the endless one is then ended by hand.
  if (scenario === 'hub stops') {
    await pause(PAUSE_MS)
    world.program('worker-1').send('SIGKILL')
  }
  await world.until(job, (now) => isTerminal(now.state) || now.attempt > attempt)
  if (scenario === 'worker is gone') world.startWorker('worker-1')
}

/** As its submitter, until the job has ended, for a bounded time. */
async function keepHold(world: World, job: JobId): Promise<void> {
  const until = performance.now() + HELD_MS_MAX
  while (performance.now() < until) {
    try {
      await world.extendHold(job, HOLD_MS)
    } catch (error) {
      if (isAppError(error, 'job-terminal')) return
      throw error
    }
    await pause(EXTEND_MS)
  }
}

/**
 * Days later by the hub's clock, so that the ended job's log and input are old, beside what no job
 * names or refers to.
 */
async function collect(world: World, job: JobId): Promise<void> {
  await world.until(job, ({ state }) => isTerminal(state))
  await world.uploadForNobody(Buffer.from('named by nobody'))
  await storeUnreferenced(world.store)
  await world.patiently((client, signal) => {
    // A hub that was started again knows nothing of it.
    world.program('hub').tell(`step ${DAYS_MS}`)
    return client.call('collect', { body: {} }, signal)
  })
}

type Circumstances = {
  readonly kept: Kept
  readonly world: World
  readonly place: 'hub' | 'worker'
  readonly job: () => JobId | null
}

/** The rest of a fault, which a dead, stopped or cut off program cannot do itself. */
async function answer(fault: Fault, { kept, world, place, job }: Circumstances): Promise<void> {
  if (fault === 'cut') {
    world.proxy.cut()
    kept.tell('go')
  }
  if (fault !== 'pause') return
  if (place === 'hub') await pause(PAUSE_MS)
  else await takenOver(world, job())
  await kept.wake()
}

/** Another worker is there; the sleeper wakes when that one has the job. */
async function takenOver(world: World, job: JobId | null): Promise<void> {
  world.startWorker('worker-2')
  if (job === null) return await pause(PAUSE_MS)
  const { attempt } = await world.job(job)
  const began = performance.now()
  await world.until(job, (now) => now.attempt > attempt || isTerminal(now.state), PAUSE_MS_MAX)
  // Ended at once, its lease must run out all the same.
  await pause(Math.max(0, PAUSE_MS - (performance.now() - began)))
}
