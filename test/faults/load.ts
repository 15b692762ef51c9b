// Many short jobs with overlapping locks, while somebody kills hub, workers and agents at random
// or lets the database crash.
import { mkdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { isTerminal } from '../../src/domain/state.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { conclude, type Death, type Episode } from './episode.ts'
import { leftRunning } from './facts.ts'
import { type Order, sha256 } from './order.ts'
import { WORK_ON_INPUT } from './scenarios.ts'
import { World } from './world.ts'

const WORKERS = ['worker-1', 'worker-2', 'worker-3']
const KEYS = ['site:a', 'site:b', 'site:c', 'site:d']
/** Between two kills: at least so long, and up to so much more. */
const KILL_MS = [700, 1300] as const
/** Between two crashes of the database. */
const CRASH_MS = 3000
/** Different files that jobs bring along. */
const INPUTS = 4
/** Another one in each turn: a check that is killed did not pass, and asks for other work. */
const STAMP = 'date +%N > stamp; '
/** Fails when it is killed in the middle. */
const GENERATE = 'cat "$MILLWRIGHT_INPUTS/data" > .m && mv .m model'
/** Jobs that the client keeps under way. */
const UNDER_WAY = 8

export type Load = {
  readonly name: string
  readonly folder: string
  readonly database: string | null
  readonly seed: number
  readonly blows: number
  /** Does one blow; absent when programs are to be killed. */
  readonly strike?: () => Promise<void>
}

export async function runLoad(load: Load): Promise<Episode> {
  const began = performance.now()
  const { folder, database, seed, blows } = load
  await mkdir(folder, { recursive: true })
  const random = seededRandom(seed)
  const world = await World.make({ folder, database, random })
  try {
    await world.startHub()
    for (const name of WORKERS) world.startWorker(name, { slots: 2 })
    const deaths: Death[] = []
    const over = new AbortController()
    const producing = produce(world, seededRandom(seed + 1), over.signal)
    for (let blow = 0; blow < blows; blow += 1) {
      await pause(load.strike === undefined ? KILL_MS[0] + random() * KILL_MS[1] : CRASH_MS)
      if (load.strike === undefined) await kill(world, random, deaths)
      else await load.strike()
    }
    over.abort()
    await producing
    const note = `seed ${seed}`
    return await conclude(world, { ...load, began, deaths, note })
  } finally {
    await world.close()
  }
}

/** Keeps some jobs under way until the signal aborts. */
async function produce(world: World, random: () => number, signal: AbortSignal): Promise<void> {
  const under = new Set<Promise<void>>()
  for (let number = 1; !signal.aborted; number += 1) {
    const work = world
      .submit(orderFor(number, random))
      .then(async (id) => void (await world.until(id, ({ state }) => isTerminal(state))))
    under.add(work)
    void work.then(() => under.delete(work))
    if (under.size >= UNDER_WAY) await Promise.race(under)
  }
  await Promise.all(under)
}

/**
 * In turn: work on a repository, work that depends on what the job brings along, and files that are
 * made of it. Jobs share what they bring along.
 */
function orderFor(number: number, random: () => number): Order {
  const locks = KEYS.filter(() => random() < 0.2)
  const wait = `sleep 0.${1 + Math.floor(random() * 4)}; `
  const order = { title: `job-${number}`, locks }
  const input = Buffer.from(`input ${number % INPUTS}`)
  const holds = sha256(input)
  switch (number % 3) {
    case 0:
      return { ...order, input, script: wait + GENERATE, outputs: { model: holds } }
    case 1:
      return { ...order, input, script: wait + STAMP + WORK_ON_INPUT, holds }
    default:
      return { ...order, script: `${wait}${STAMP}echo whole > .w && mv .w work` }
  }
}

async function kill(world: World, random: () => number, deaths: Death[]): Promise<void> {
  const dice = random()
  const worker = WORKERS[Math.floor(random() * WORKERS.length)] ?? ''
  if (dice < 0.35) world.program('hub').send('SIGKILL')
  else if (dice < 0.7 || !(await killAgent(world, random))) {
    deaths.push({ worker, at: Date.now() })
    world.program(worker).send('SIGKILL')
  }
}

/** Any process of any attempt. */
async function killAgent(world: World, random: () => number): Promise<boolean> {
  const { jobs } = await world.patiently((client, signal) =>
    client.call('listJobs', { query: { limit: 50, state: ['running'] } }, signal),
  )
  const pids = leftRunning(jobs).map((words) => Number(/^process (\d+)/.exec(words)?.[1]))
  const victim = pids[Math.floor(random() * pids.length)]
  if (victim === undefined) return false
  try {
    process.kill(victim, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
