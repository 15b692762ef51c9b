import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../support/fault-probe.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type Cell, type CellResult, runCell } from './cell.ts'
import { runWithClockSteps } from './clock.ts'
import { runOnFullDisk } from './disk-full.ts'
import type { Episode } from './episode.ts'
import { runOnBadLine, TOXICS } from './line.ts'
import { runLoad } from './load.ts'
import { type ProbeLabel, MEETINGS } from './places.ts'
import { printWrong, type Results, wrongIn } from './report.ts'

export type Flags = {
  readonly full: boolean
  readonly kills: number
  readonly seed: number
  readonly only?: ProbeLabel | undefined
  readonly engine?: Cell['engine'] | undefined
}

type Surroundings = {
  readonly folder: string
  /** One server for all that want a schema of it. */
  readonly postgres: () => Promise<PostgresServer>
}
type Task =
  | { readonly kind: 'cell'; readonly cell: Cell }
  | { readonly kind: 'episode'; readonly run: (where: Surroundings) => Promise<Episode> }

const FAULTS: readonly Fault[] = ['kill', 'pause', 'cut']
/** Of the cells that a run without --full does on PostgreSQL, too. */
const SHARE_ON_POSTGRES = 1 / 3
const DATABASE_CRASHES = 3

/** Everything of this run, the longest first. */
export function plan({ full, kills, seed, only, engine }: Flags): readonly Task[] {
  const random = seededRandom(seed)
  const cells = (on: Cell['engine']): readonly Task[] =>
    MEETINGS.filter(({ label }) => only === undefined || only === label)
      .flatMap((meeting) => (meeting.passes ?? [1]).map((nth) => ({ meeting, nth })))
      .flatMap((moment) => FAULTS.map((fault) => ({ ...moment, fault, engine: on })))
      .filter(isTold)
      .map((cell) => ({ kind: 'cell', cell }))
  const isWanted = (on: Cell['engine']): boolean => engine === undefined || engine === on
  const isPicked = (): boolean =>
    full || only !== undefined || engine === 'postgres' || random() < SHARE_ON_POSTGRES
  return [
    ...(only === undefined ? episodes({ kills, seed, full }).filter(({ on }) => isWanted(on)) : []),
    ...(isWanted('sqlite') ? cells('sqlite') : []),
    ...(isWanted('postgres') ? cells('postgres').filter(isPicked) : []),
  ]
}

/** A reply that nobody waits for cannot be lost. */
const isTold = ({ meeting, fault }: Cell): boolean =>
  fault !== 'cut' || meeting.answersNobody !== true

const episode = (on: Cell['engine'], run: (where: Surroundings) => Promise<Episode>) =>
  ({ kind: 'episode', on, run }) as const

function episodes({ kills, seed, full }: Pick<Flags, 'kills' | 'seed' | 'full'>) {
  const killed = (name: string) => ({ name, blows: kills, seed })
  return [
    episode('sqlite', ({ folder }) =>
      runLoad({ ...killed('random kills, SQLite'), folder, database: null }),
    ),
    ...(full
      ? [
          episode('postgres', async ({ folder, postgres }) =>
            runLoad({
              ...killed('random kills, PostgreSQL'),
              folder,
              database: await (await postgres()).makeSchema(),
            }),
          ),
        ]
      : []),
    episode('postgres', ({ folder }) => runWhileDatabaseCrashes(folder, seed)),
    episode('sqlite', ({ folder }) => runWithClockSteps(folder)),
    episode('sqlite', ({ folder }) => runOnFullDisk(folder)),
    ...TOXICS.map((toxic) =>
      episode('sqlite', ({ folder }) => runOnBadLine(toxic, { folder, seed })),
    ),
  ]
}

/** On a server of its own, which nobody else wants to live. */
async function runWhileDatabaseCrashes(folder: string, seed: number): Promise<Episode> {
  const server = await startPostgres()
  try {
    return await runLoad({
      name: 'database crashes under load',
      folder,
      database: await server.makeSchema(),
      seed,
      blows: DATABASE_CRASHES,
      strike: () => server.restart(),
    })
  } finally {
    await server.stop()
  }
}

/** Runs all tasks, so many side by side. */
export async function runPlan(
  tasks: readonly Task[],
  { folder, lanes }: { readonly folder: string; readonly lanes: number },
): Promise<Results> {
  const left = [...tasks.entries()]
  const results: { cells: CellResult[]; episodes: Episode[] } = { cells: [], episodes: [] }
  const servers: Promise<PostgresServer>[] = []
  const postgres = (): Promise<PostgresServer> => {
    servers[0] ??= startPostgres()
    return servers[0]
  }
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [number, task] = next
      const where = { folder: join(folder, String(number)), postgres }
      const result =
        task.kind === 'episode' ? await task.run(where) : await runOne(task.cell, where)
      if ('meeting' in result) results.cells.push(result)
      else results.episodes.push(result)
      // What went wrong is left to be looked at.
      if (wrongIn(result).length === 0) await rm(where.folder, { recursive: true, force: true })
      else printWrong(result)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  for (const server of servers) await (await server).stop()
  return results
}

const runOne = async (cell: Cell, { folder, postgres }: Surroundings): Promise<CellResult> =>
  runCell(cell, {
    folder,
    database: async () => (cell.engine === 'sqlite' ? null : (await postgres()).makeSchema()),
  })
