// Confines a program with bubblewrap. The program gets its own pid, ipc, uts and user namespaces,
// no capabilities, and only the given environment. It sees a read-only file system in which home
// folders and private files are hidden, and can write only to the given folders. When bwrap or the
// worker dies, the kernel kills every process inside.
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import type { Command, Launch } from '../domain/launch.ts'
import type { Logger } from '../platform/log.ts'
import { childrenOf, type Process, readProcess } from '../platform/process-table.ts'
import { MARKER, type Tree, watchTree } from '../platform/process-tree.ts'
import { refuseNul, spawnPiped } from '../platform/spawn.ts'
import { inOrder, mountArguments, mountsOf } from './mounts.ts'
import { programMounts } from './program-mounts.ts'

type BubblewrapOptions = {
  /** Path of bwrap, from `findBubblewrap`. */
  readonly bwrap: string
  /**
   * The value of the environment variable `MARKER`, which identifies the attempt's processes after
   * the worker has crashed.
   */
  readonly marker: string
  /**
   * Folders and files to hide in addition to those that are always hidden, such as the data folders
   * of hub and worker.
   */
  readonly hidden: readonly string[]
  /** Folders that every program may read, even inside hidden folders. */
  readonly readable: readonly string[]
  readonly log: Logger
}

const ARGUMENTS_FD = 3
const STATUS_FD = 4

/** There is no network namespace: programs share the machine's network. */
const NAMESPACES = [
  '--unshare-user',
  '--unshare-pid',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup-try',
]

/**
 * Makes a `Launch` that confines programs. Paths in the command must be real paths, because a
 * symbolic link in a hidden folder does not exist inside the sandbox. The `Launch` throws AppError
 * `program-unstartable` if the program is missing or hidden, and `sandbox-missing` if bubblewrap
 * does not work.
 */
export function bubblewrap(options: BubblewrapOptions): Launch {
  return async (command) => {
    const confinement = confine(command, options)
    refuseNul(command.argv[0], confinement)
    const argv = [options.bwrap, '--args', String(ARGUMENTS_FD), '--', ...command.argv] as const
    const spawned = await spawnPiped(argv, {
      cwd: '/',
      env: { [MARKER]: options.marker },
      pipes: 2,
    })
    let init: Process | null = null
    const bwrap = readProcess(spawned.pid)
    const tree: Tree = {
      // SIGINT goes to the program, which is the first child of `init`. It must not go to bwrap:
      // bwrap would die, and the kernel would then kill the program.
      program: () => (init === null ? null : (childrenOf(init.pid)[0] ?? null)),
      // Only bwrap and `init`, the first process inside, are watched: when `init` dies, the kernel
      // kills all other processes inside.
      alive: () => [bwrap, init].flatMap((process) => (isAlive(process) ? [process.pid] : [])),
    }
    const child = watchTree(spawned, tree, options.log)
    const [, , , input, status] = spawned.process.stdio
    if (!(input instanceof Writable) || !(status instanceof Readable)) {
      throw new Error('bwrap was started without its pipes')
    }
    // The arguments are sent through a pipe, because every user can read a process's command line.
    input.end(confinement.map((argument) => `${argument}\0`).join(''))
    const pid = await readInitPid(status)
    if (pid === null) throw refused(await text(child.stderr))
    init = readProcess(pid)
    return child
  }
}

function confine(command: Command, options: BubblewrapOptions): readonly string[] {
  const folders = mountsOf({
    hidden: options.hidden,
    readable: [...options.readable, ...command.readable],
    writable: command.writable,
  })
  const mounts = inOrder([...folders, ...programMounts(command, folders)])
  const env = { ...command.env, [MARKER]: options.marker }
  return [
    ...NAMESPACES,
    '--die-with-parent',
    ['--json-status-fd', String(STATUS_FD)],
    // Without this option, a program started by root keeps its capabilities and can undo the
    // mounts.
    ['--cap-drop', 'ALL'],
    mountArguments(mounts),
    '--clearenv',
    ...Object.entries(env).map(([name, value]) => ['--setenv', name, value]),
    ['--chdir', realpathSync(command.cwd)],
  ].flat()
}

const isAlive = (process: Process | null): process is Process =>
  process !== null && readProcess(process.pid)?.started === process.started

const Status = z.object({ 'child-pid': z.int().min(2) })

/**
 * Returns the pid of the first process inside the sandbox, as seen from outside. Returns null if
 * bwrap failed to start it.
 */
async function readInitPid(status: Readable): Promise<number | null> {
  // Do not close this stream: bwrap dies if the status pipe has no reader.
  const lines = createInterface({ input: status })
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')])
  return typeof line === 'string' ? Status.parse(JSON.parse(line))['child-pid'] : null
}

const refused = (words: string): AppError =>
  new AppError('sandbox-missing', `bubblewrap does not work on this machine: ${words.trim()}`)
