// One cell of the matrix: one job, one moment, one fault.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { JobId } from '../../src/domain/id.ts'
import type { ProbeLabel } from '../../src/domain/probe.ts'
import { isTerminal } from '../../src/domain/state.ts'
import type { Fault } from '../support/fault-probe.ts'
import type { Verdict } from './checker.ts'
import { PLACES, type Scenario } from './places.ts'
import type { Kept } from './programs.ts'
import { storeUnreferenced } from './unreferenced.ts'
import { IS_WHOLE, LEASE_MS, type Order, World } from './world.ts'

export type Cell = {
  readonly label: ProbeLabel
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

/** What agent or check do in the first attempt where that one is meant to be disturbed: not end. */
const ONCE_ENDLESS = 'case "$MILLWRIGHT_ATTEMPT" in *-1) echo half > work; sleep 600;; esac; '
/** Leaves a daemon behind, which must not outlive the attempt. */
const WORK = 'echo working; setsid -f sleep 600; sleep 0.2; echo whole > work'

/** Half of the work, or all of it for whoever hears that this did not pass. */
const WORK_IN_TWO_TURNS =
  "if grep -q 'did not pass'; then echo whole > work; else echo half > work; fi"

const write = (content: string) => ({
  calls: [{ name: 'write', args: { path: 'work', content } }],
})
/** The model breaks off the agent's work once; what follows in its session is other than the beginning. */
const MODEL = {
  scripts: [
    { when: 'You were interrupted', steps: [write('whole'), { text: 'Done.' }] },
    {
      steps: [
        write('half'),
        { status: 429, errorBody: { error: { message: 'used up', resets_in_seconds: 2 } } },
      ],
    },
  ],
}

/** Logs are kept for a day here. */
const DAYS_MS = 3 * 86_400_000

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
  const { label, nth, fault } = cell
  const place = PLACES[label]
  const state: { job: JobId | null; at: number | null } = { job: null, at: null }
  const world = await World.make({
    folder,
    database,
    replay: place.scenario === 'quota' ? await writeModel(folder) : undefined,
    onFault: (kept) => {
      state.at = Date.now()
      void answer(fault, { kept, world, place: place.in, job: () => state.job })
    },
  })
  try {
    const plan = { label, nth, fault }
    const recovers = label === 'salvageArtifact-asked'
    await world.startHub({ plans: place.in === 'hub' ? [plan] : [] })
    const plans = place.in === 'hub' ? [] : recovers ? [null, plan] : [plan]
    const worker = world.startWorker('worker-1', { plans })
    await worker.ready()
    const order = { title: `job ${label}`.replaceAll(' ', '-'), locks: ['site:a'] }
    const job = await world.submit({
      ...order,
      ...programsFor(place.scenario),
      ends: place.scenario === 'cancel' ? ['cancelled'] : ['succeeded'],
    })
    state.job = job
    await disturb(place.scenario, world, job)
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

const writeModel = async (folder: string): Promise<string> => {
  const file = join(folder, 'model.json')
  await writeFile(file, JSON.stringify(MODEL))
  return file
}

/** Of agent and check; the default where none is named. */
function programsFor(scenario: Scenario): Pick<Order, 'script' | 'check'> {
  if (scenario === 'quota') return { script: null }
  if (scenario === 'second turn') return { script: WORK_IN_TWO_TURNS }
  if (scenario === 'worker stops in a check') {
    return { script: WORK, check: ONCE_ENDLESS + IS_WHOLE }
  }
  const isLeftAlone = ['plain', 'hub starts', 'collect'].includes(scenario)
  return { script: isLeftAlone ? WORK : ONCE_ENDLESS + WORK }
}

/** What the scenario adds once the agent works, or the check. */
async function disturb(scenario: Scenario, world: World, job: JobId): Promise<void> {
  if (['plain', 'second turn', 'hub starts', 'quota'].includes(scenario)) return
  if (scenario === 'collect') return await collect(world, job)
  const isInCheck = scenario === 'worker stops in a check'
  const { attempt } = await world.until(
    job,
    ({ state, step }) => state === 'running' && step === (isInCheck ? 'checks' : 'agent'),
  )
  if (scenario === 'worker dies') world.program('worker-1').send('SIGKILL')
  if (scenario === 'worker stops' || isInCheck) world.program('worker-1').send('SIGTERM')
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
}

/** Days later by the hub's clock, so that the ended job's log is old, beside what no job refers to. */
async function collect(world: World, job: JobId): Promise<void> {
  await world.until(job, ({ state }) => isTerminal(state))
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
