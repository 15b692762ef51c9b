// A program and everything it starts, ended together. On Linux a tree is found by three marks: the
// session and process group of the program, the parent links, and an environment variable that its
// children inherit, which finds those that called setsid or forked twice. A program that also wipes
// its children's environment can hide them; only a sandbox with a pid namespace holds such a one.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Child, Exit } from '../domain/launch.ts'
import { hasErrno } from './errno.ts'
import type { Logger } from './log.ts'
import { environmentHolds, listProcesses, type Process } from './process-table.ts'
import { type Spawned, spawnPiped, type SpawnOptions } from './spawn.ts'

/** Names the variable by which the processes of an attempt are found after its worker died. */
export const MARKER = 'MILLWRIGHT_ATTEMPT'

/** Tells the trees of one attempt apart, so that the end of a check does not end the agent. */
const LAUNCH = 'MILLWRIGHT_LAUNCH'

/** SIGKILL cannot be refused, but a process that waits for a dead disk outlives it. */
const KILL_WAIT_MS = 5000

/** How long the news of an exit may take once the process is gone. */
const NEWS_WAIT_MS = 1000

/** How long what is left in the pipes may be read once the whole tree is gone. */
const PIPES_WAIT_MS = 2000

/** How to see what belongs to a program. */
export type Tree = {
  /** Who gets SIGINT; null when it does not run. */
  program(): number | null
  /**
   * What still runs, as kill(2) takes it: a pid, or a process group below zero. What was seen once
   * is seen again, whatever becomes of its parent.
   */
  alive(): readonly number[]
}

type TreeOptions = SpawnOptions & {
  /** Value of the mark; null for a trusted program, whose process group is enough. */
  readonly marker: string | null
  readonly log: Logger
}

/**
 * Starts a program without confinement. Throws AppError `program-unstartable`.
 */
export async function startTree(
  argv: readonly [string, ...string[]],
  { marker, log, ...options }: TreeOptions,
): Promise<Child> {
  const launch = randomUUID()
  const marks = marker === null ? {} : { [MARKER]: marker, [LAUNCH]: launch }
  const spawned = await spawnPiped(argv, { ...options, env: { ...options.env, ...marks } })
  const tree =
    process.platform === 'linux' && marker !== null
      ? markedTree(spawned.pid, `${LAUNCH}=${launch}`)
      : groupTree(spawned.pid)
  return watchTree(spawned, tree, log)
}

/** Makes a `Child` of a started program: its exit waits for, and ends, whatever it leaves behind. */
export function watchTree({ process: child }: Spawned, tree: Tree, log: Logger): Child {
  const { promise: exit, resolve } = Promise.withResolvers<Exit>()
  let isOver = false
  const finish = (how: Exit): void => {
    isOver = true
    resolve(how)
    cutPipes(child)
  }
  const follow = async () => {
    await once(child, 'exit')
    await endTree(tree, log)
    finish({ code: child.exitCode, killSignal: child.signalCode })
  }
  void follow()
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit,
    stop: async (graceMs) => {
      if (isOver) return await exit
      // A look before the program may die: what it knows of its children dies with it.
      tree.alive()
      const program = hasExited(child) ? null : tree.program()
      if (program !== null && send(program, 'SIGINT')) await settledWithin(exit, graceMs)
      await endTree(tree, log)
      await settledWithin(exit, NEWS_WAIT_MS)
      // The kernel may owe us the end of a process that waits for a dead disk.
      if (!isOver) finish({ code: null, killSignal: 'SIGKILL' })
      return await exit
    },
  }
}

const hasExited = (child: Spawned['process']): boolean =>
  child.exitCode !== null || child.signalCode !== null

/** One that hid from us may hold the pipes for ever; whoever reads them must come to an end. */
function cutPipes({ stdout, stderr }: Spawned['process']): void {
  const timer = setTimeout(() => {
    for (const pipe of [stdout, stderr]) if (!pipe.readableEnded) pipe.push(null)
  }, PIPES_WAIT_MS)
  timer.unref()
}

/**
 * Ends every process that carries the marker, and what it started: the leftovers of a worker that
 * died. Does nothing where there is no /proc. Answers how many there were.
 */
export async function killLeftovers(marker: string, log: Logger): Promise<number> {
  if (process.platform !== 'linux') return 0
  return await endTree(markedTree(null, `${MARKER}=${marker}`), log)
}

function groupTree(root: number): Tree {
  // Windows knows no process groups: there the program alone is ended.
  const group = process.platform === 'win32' ? root : -root
  return {
    program: () => root,
    alive: () => {
      if (!send(group, 0)) return []
      if (process.platform !== 'linux') return [group]
      // A group of zombies still answers, for as long as nobody buries them.
      return listProcesses().flatMap((each) => (each.group === root ? [each.pid] : []))
    },
  }
}

function markedTree(root: number | null, mark: string): Tree {
  // Those once seen stay ours when their parent dies and the link to us is gone.
  const known = new Map<number, string>()
  const isOurs = ({ pid, group, session, started }: Process) =>
    known.get(pid) === started ||
    (root !== null && (pid === root || group === root || session === root)) ||
    environmentHolds(pid, mark)
  return {
    program: () => root,
    alive: () => {
      const others = listProcesses().filter(({ pid }) => pid !== process.pid)
      const ours = withDescendants(others.filter(isOurs), others)
      for (const { pid, started } of ours) known.set(pid, started)
      return ours.map(({ pid }) => pid)
    },
  }
}

function withDescendants(
  roots: readonly Process[],
  processes: readonly Process[],
): readonly Process[] {
  const found = new Set(roots)
  const pids = new Set(roots.map(({ pid }) => pid))
  // A Set is walked in the order of insertion, so what is added here is visited, too.
  for (const { pid } of found) {
    for (const child of processes) {
      if (child.parent !== pid || pids.has(child.pid)) continue
      found.add(child)
      pids.add(child.pid)
    }
  }
  return [...found]
}

/** Kills until nothing is left, for at most five seconds; what outlives that is an error in the log. */
async function endTree(tree: Tree, log: Logger): Promise<number> {
  const deadline = performance.now() + KILL_WAIT_MS
  const ended = new Set<number>()
  let left = tree.alive()
  for (let pauseMs = 1; left.length > 0; pauseMs = Math.min(50, 2 * pauseMs)) {
    for (const pid of left) {
      send(pid, 'SIGKILL')
      ended.add(pid)
    }
    if (performance.now() > deadline) {
      log.error({ pids: left }, 'processes outlived SIGKILL')
      break
    }
    await wait(pauseMs)
    left = tree.alive()
  }
  return ended.size
}

/** Sends a signal; false when nobody is there to get it. */
function send(pid: number, processSignal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, processSignal)
  } catch (error) {
    // EPERM: a group of zombies (macOS), or a process that changed its user and is not ours to end.
    if (hasErrno(error, 'ESRCH', 'EPERM')) return false
    throw error
  }
}

async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController()
  const late = wait(ms, undefined, { signal: timer.signal }).catch(() => {})
  await Promise.race([promise, late])
  timer.abort()
}
