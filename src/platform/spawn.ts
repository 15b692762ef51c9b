import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { AppError } from '../domain/errors.ts'
import { hasErrno } from './errno.ts'

/** What a program starts with. Nothing is inherited but the user and the limits. */
export type SpawnOptions = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Further pipes, as file descriptors 3, 4, … of the program. */
  readonly pipes?: number
}

export type Spawned = { readonly process: ChildProcessWithoutNullStreams; readonly pid: number }

/**
 * Starts a program in a session and process group of its own, with pipes for its streams.
 * Throws AppError `program-unstartable` when it is missing, not executable or refused.
 */
export async function spawnPiped(
  argv: readonly [string, ...string[]],
  { cwd, env, pipes = 0 }: SpawnOptions,
): Promise<Spawned> {
  const [program, ...args] = argv
  refuseNul(program, [...argv, ...Object.keys(env), ...Object.values(env)])
  try {
    using nothing = openNothing()
    const stdio: (number | 'pipe' | 'ignore')[] = Array.from({ length: 3 + pipes }, () => 'pipe')
    for (const fd of inheritedFiles()) {
      while (stdio.length < fd) stdio.push('ignore')
      if (stdio[fd] !== 'pipe') stdio[fd] = nothing.fd
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
 * A NUL ends an argument wherever a program is started; what follows it would be lost, or be read
 * as arguments of its own. Throws AppError `program-unstartable`.
 */
export function refuseNul(program: string, texts: readonly string[]): void {
  if (!texts.some((text) => text.includes('\0'))) return
  const cause = 'its arguments or its environment hold a NUL character'
  throw new AppError('program-unstartable', `cannot start ${JSON.stringify(program)}: ${cause}`)
}

/**
 * Files that whoever started us left open, as `exec 200>lock` in a shell does. Node keeps the low
 * ones and its own from its children, but not these; the child gets nothing in their place.
 */
function inheritedFiles(): readonly number[] {
  if (process.platform !== 'linux') return []
  // Looked up once: what Node opens later it keeps to itself.
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
    // Closed in the meantime, like the one that listed the folder.
    return false
  }
}

const CLOSE_ON_EXEC = 0o2_000_000

function openNothing(): Disposable & { readonly fd: number } {
  const fd = openSync(devNull, 'r+')
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

type Piped = { [Stream in 'stdin' | 'stdout' | 'stderr']: unknown }

const hasPipes = (child: Piped): child is ChildProcessWithoutNullStreams =>
  child.stdin !== null && child.stdout !== null && child.stderr !== null

/** That either side stopped reading is no failure of the pipe: whoever stopped knows why. */
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
  if (!existsSync(cwd)) return `its folder ${cwd} does not exist`
  if (code === 'ENOENT') return `not found; PATH is ${env['PATH'] ?? 'empty'}`
  if (code === 'EACCES') return `not executable; PATH is ${env['PATH'] ?? 'empty'}`
  return message
}
