// Kills a program together with everything it started. On Linux, a process belongs to the tree if
// it is in the program's session or process group, if its parent belongs to the tree, or if it
// inherited an environment variable that marks the tree. The variable also identifies daemons
// (setsid, double fork). A program that clears its children's environment can still hide daemons;
// only a sandbox with a pid namespace contains such a program.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Child, Exit } from '../domain/launch.ts'
import { hasErrno } from './errno.ts'
import type { Logger } from './log.ts'
import { environmentHolds, listProcesses, type Process } from './process-table.ts'
import { type Spawned, spawnPiped, type SpawnOptions } from './spawn.ts'

/** The environment variable that identifies an attempt's processes after its worker has died. */
export const MARKER = 'MILLWRIGHT_ATTEMPT'

/**
 * The environment variable that distinguishes the trees of one attempt, so that killing the
 * leftovers of a check does not kill the agent.
 */
const LAUNCH = 'MILLWRIGHT_LAUNCH'

/**
 * How long to wait for processes to exit after SIGKILL, in milliseconds. A process that is blocked
 * on a failed disk does not exit.
 */
const KILL_WAIT_MS = 5000

/** How long to wait for Node's `exit` event after the process has exited. */
const EXIT_EVENT_WAIT_MS = 1000

/** How long to keep reading output after every process in the tree has exited. */
const PIPES_WAIT_MS = 2000

/** The processes of a started program. */
export type Tree = {
  /** The pid of the process that gets SIGINT, or null if it is not running. */
  program(): number | null
  /**
   * The processes that are still running, as arguments for kill(2): pids, or a negative process
   * group id. Once found, a process stays in the tree even after its parent has exited.
   */
  alive(): readonly number[]
}

type TreeOptions = SpawnOptions & {
  /**
   * The value of the variable `MARKER`. null for a trusted program, which is tracked only by its
   * process group.
   */
  readonly marker: string | null
  readonly log: Logger
}

/**
 * Starts a program without confinement. Throws AppError `program-unstartable` if it cannot start.
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

/**
 * Wraps a started program as a `Child`. When the program exits, kills the processes it left behind
 * and then resolves `exit`.
 */
export function watchTree({ process: child }: Spawned, tree: Tree, log: Logger): Child {
  const { promise: exit, resolve } = Promise.withResolvers<Exit>()
  let isOver = false
  const finish = (how: Exit): void => {
    isOver = true
    resolve(how)
    endPipes(child)
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
      // Find the children now, so that `tree` remembers them: after the program has exited, their
      // parent links are lost.
      tree.alive()
      const program = hasExited(child) ? null : tree.program()
      if (program !== null && send(program, 'SIGINT')) await settledWithin(exit, graceMs)
      await endTree(tree, log)
      await settledWithin(exit, EXIT_EVENT_WAIT_MS)
      // Even SIGKILL cannot end a process that is blocked on a failed disk. It is reported as killed.
      if (!isOver) finish({ code: null, killSignal: 'SIGKILL' })
      return await exit
    },
  }
}

const hasExited = (child: Spawned['process']): boolean =>
  child.exitCode !== null || child.signalCode !== null

/**
 * Ends the output streams after `PIPES_WAIT_MS`, because a process that is not in the tree may keep
 * the pipes open forever.
 */
function endPipes({ stdout, stderr }: Spawned['process']): void {
  const timer = setTimeout(() => {
    for (const pipe of [stdout, stderr]) if (!pipe.readableEnded) pipe.push(null)
  }, PIPES_WAIT_MS)
  timer.unref()
}

/**
 * Kills the processes that a dead worker left behind: those with this marker, and their
 * descendants. Returns how many processes there were. Does nothing on systems other than Linux.
 */
export async function killLeftovers(marker: string, log: Logger): Promise<number> {
  if (process.platform !== 'linux') return 0
  return await endTree(markedTree(null, `${MARKER}=${marker}`), log)
}

function groupTree(root: number): Tree {
  // Windows has no process groups, so only the program itself is killed.
  const group = process.platform === 'win32' ? root : -root
  return {
    program: () => root,
    alive: () => {
      if (!send(group, 0)) return []
      if (process.platform !== 'linux') return [group]
      // A group that contains only unreaped zombies still accepts signals, so look for running
      // processes.
      return listProcesses().flatMap((each) => (each.group === root ? [each.pid] : []))
    },
  }
}

function markedTree(root: number | null, mark: string): Tree {
  // The start time of each process that was found, by pid.
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
  // A Set is iterated in insertion order, so the loop also visits elements that it adds.
  for (const { pid } of found) {
    for (const child of processes) {
      if (child.parent !== pid || pids.has(child.pid)) continue
      found.add(child)
      pids.add(child.pid)
    }
  }
  return [...found]
}

/**
 * Kills the whole tree, waits at most five seconds, and logs survivors. Returns how many processes
 * got SIGKILL.
 */
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
      log.error({ pids: left }, 'processes survived SIGKILL')
      break
    }
    await wait(pauseMs)
    left = tree.alive()
  }
  return ended.size
}

/** Sends a signal. Returns false if no process can receive it. */
function send(pid: number, processSignal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, processSignal)
  } catch (error) {
    // EPERM: the group contains only zombies (macOS), or the process now belongs to another user,
    // whose processes this user may not signal.
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
