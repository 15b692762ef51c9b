import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { AppError } from '../domain/errors.ts'
import { hasErrno } from './errno.ts'

/**
 * What a program gets from its parent. Apart from these, the program inherits only the user and the
 * resource limits of this process.
 */
export type SpawnOptions = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** The number of additional pipes, which the program sees as file descriptors 3, 4, … */
  readonly pipes?: number
}

export type Spawned = { readonly process: ChildProcessWithoutNullStreams; readonly pid: number }

/**
 * Starts a program in its own session and process group, with pipes for its streams. Throws
 * AppError `program-unstartable` if the program is missing, not executable or rejected by the
 * system.
 */
export async function spawnPiped(
  argv: readonly [string, ...string[]],
  { cwd, env, pipes = 0 }: SpawnOptions,
): Promise<Spawned> {
  const [program, ...args] = argv
  refuseNul(program, [...argv, ...Object.keys(env), ...Object.values(env)])
  try {
    using nullDevice = openNullDevice()
    const stdio: (number | 'pipe' | 'ignore')[] = Array.from({ length: 3 + pipes }, () => 'pipe')
    for (const fd of inheritedFiles()) {
      while (stdio.length < fd) stdio.push('ignore')
      if (stdio[fd] !== 'pipe') stdio[fd] = nullDevice.fd
    }
    const child = spawn(program, args, { cwd, env, stdio, detached: true, windowsHide: true })
    if (!hasPipes(child)) throw new Error('a program was started without its pipes')
    for (const pipe of child.stdio) pipe?.on('error', ignoreClosedPipe)
    await once(child, 'spawn')
    if (child.pid === undefined) throw new Error('a program was started without a pid')
    return { process: child, pid: child.pid }
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new AppError('program-unstartable', `cannot start ${program}: ${why(error, cwd, env)}`, {
      cause: error,
    })
  }
}

/**
 * Throws AppError `program-unstartable` if any of the strings contains a NUL character. A NUL would
 * end an argument early, and the rest would be lost or parsed as further arguments.
 */
export function refuseNul(program: string, texts: readonly string[]): void {
  if (!texts.some((text) => text.includes('\0'))) return
  const cause = 'its arguments or its environment contain a NUL character'
  throw new AppError('program-unstartable', `cannot start ${JSON.stringify(program)}: ${cause}`)
}

/**
 * The file descriptors that this process inherited from its parent, such as 200 after
 * `exec 200>lock` in a shell. Node does not close them in its children, so each is replaced with
 * the null device.
 */
function inheritedFiles(): readonly number[] {
  if (process.platform !== 'linux') return []
  // Reading the list once is enough: Node opens all its own files with close-on-exec.
  inherited ??= readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((fd) => fd > 2 && isInherited(fd))
  return inherited
}

let inherited: readonly number[] | undefined

function isInherited(fd: number): boolean {
  try {
    const [, flags = '0'] =
      /^flags:\t(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? []
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
  } catch {
    // The descriptor is already closed, for example the one that `readdirSync` used.
    return false
  }
}

const CLOSE_ON_EXEC = 0o2_000_000

function openNullDevice(): Disposable & { readonly fd: number } {
  const fd = openSync(devNull, 'r+')
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

type Piped = { [Stream in 'stdin' | 'stdout' | 'stderr']: unknown }

const hasPipes = (child: Piped): child is ChildProcessWithoutNullStreams =>
  child.stdin !== null && child.stdout !== null && child.stderr !== null

/** A closed pipe is not an error: the side that closed it did so on purpose. */
function ignoreClosedPipe(error: Error): void {
  if (!hasErrno(error, 'EPIPE', 'ECONNRESET', 'ABORT_ERR')) throw error
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

function why(
  { code, message }: NodeJS.ErrnoException,
  cwd: string,
  env: Readonly<Record<string, string>>,
): string {
  if (!existsSync(cwd)) return `the working directory ${cwd} does not exist`
  if (code === 'ENOENT') return `not found; PATH is ${env['PATH'] ?? 'empty'}`
  if (code === 'EACCES') return `not executable; PATH is ${env['PATH'] ?? 'empty'}`
  return message
}
