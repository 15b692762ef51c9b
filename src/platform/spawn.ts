import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { AppError } from '../domain/errors.ts'

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
  try {
    const stdio = Array.from({ length: 3 + pipes }, () => 'pipe' as const)
    const child = spawn(program, args, { cwd, env, stdio, detached: true, windowsHide: true })
    if (!hasPipes(child)) throw new Error('a program was started without its pipes')
    child.stdin.on('error', ignoreClosedPipe)
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

type Piped = { [Stream in 'stdin' | 'stdout' | 'stderr']: unknown }

const hasPipes = (child: Piped): child is ChildProcessWithoutNullStreams =>
  child.stdin !== null && child.stdout !== null && child.stderr !== null

/** A program need not read its input; that it closed the pipe is no failure of ours. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error
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
