// Reads secrets from variables, files and commands, and checks ssh keys and the ssh agent.
import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Clock } from '../platform/clock.ts'
import { runProgram } from '../platform/run-program.ts'

/** What the functions in this file need from the worker. */
export type CredentialContext = {
  /** The worker's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder against which relative paths are resolved. */
  readonly cwd: string
  /** Path of the socket of the worker's ssh agent; null if there is none. */
  readonly sshAuthSock: string | null
  readonly clock: Pick<Clock, 'monotonic'>
  /** Time limit for a program that prints a secret, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Maximum size of a secret, in bytes. A secret is one short line, so a larger file is probably the
 * wrong one.
 */
const SECRET_BYTES_MAX = 16_384
/** How long the output of a command is cached, in milliseconds. */
const CACHED_MS = 60_000

export function secretFromVariable(name: string, { env }: CredentialContext): string {
  return oneLine(env[name] ?? '', `the variable ${name}`, 'contains')
}

/** Reads a secret from a file on every call, so that a replaced secret takes effect at once. */
export async function secretFromFile(path: string, { cwd }: CredentialContext): Promise<string> {
  const file = resolve(cwd, path)
  const source = `the file ${path}`
  try {
    const { size } = await stat(file)
    if (size > SECRET_BYTES_MAX)
      throw missing(source, `contains more than ${SECRET_BYTES_MAX} bytes`)
    return oneLine(await readFile(file, 'utf8'), source, 'contains')
  } catch (error) {
    throw unreadable(source, error)
  }
}

/** Checks that a private key can be read. @returns its absolute path */
export async function checkKey(path: string, { cwd }: CredentialContext): Promise<string> {
  const file = resolve(cwd, path)
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw unreadable(`the key ${path}`, error)
  })
  return file
}

/**
 * Returns a function that runs a program and returns the secret that the program prints. The secret
 * is cached for a minute. Error messages never contain the program's output, not even stderr,
 * because it may contain the secret.
 */
export function secretFromCommand(
  run: readonly [string, ...string[]],
  context: CredentialContext,
): () => Promise<string> {
  let cached: { readonly secret: Promise<string>; readonly until: number } | null = null
  return async () => {
    const now = context.clock.monotonic()
    if (cached === null || now >= cached.until) {
      cached = { secret: runForSecret(run, context), until: now + CACHED_MS }
    }
    const current = cached
    try {
      return await current.secret
    } catch (error) {
      if (cached === current) cached = null
      throw error
    }
  }
}

async function runForSecret(
  run: readonly [string, ...string[]],
  { env, cwd, timeoutMs }: CredentialContext,
): Promise<string> {
  const source = `the command ${run[0]}`
  const limits = { timeoutMs, stdoutBytesMax: SECRET_BYTES_MAX }
  const program = { argv: run, cwd, env: definedIn(env), ...limits }
  const end = await runProgram(program).catch(
    unstartable(source, 'cannot be started; check that it exists and is executable'),
  )
  if (end.exceeded === 'time') throw missing(source, `did not finish within ${timeoutMs} ms`)
  if (end.exceeded === 'output') {
    throw missing(source, `printed more than ${SECRET_BYTES_MAX} bytes`)
  }
  if (end.code !== 0)
    throw missing(
      source,
      `exited with ${end.code ?? end.killSignal}; to see why, run it as the worker’s user`,
    )
  return oneLine(end.stdout.toString('utf8'), source, 'printed')
}

/**
 * Checks that the ssh agent responds and holds at least one key. Without this check, ssh would
 * report only that the server rejected the login attempt.
 */
export async function checkAgent(
  socket: string,
  { env, cwd, timeoutMs }: CredentialContext,
): Promise<void> {
  const source = 'the ssh agent'
  const end = await runProgram({
    argv: ['ssh-add', '-l'],
    cwd,
    env: { PATH: env['PATH'] ?? '', LC_ALL: 'C', SSH_AUTH_SOCK: socket },
    timeoutMs,
    stdoutBytesMax: 1024 ** 2,
  }).catch(unstartable(source, 'cannot be checked: ssh-add is not installed'))
  if (end.code === 0) return
  if (end.code === 1) throw missing(source, 'holds no key; add one with ssh-add')
  throw missing(
    source,
    `does not respond at ${socket}; start an ssh agent, then start the worker in the same environment`,
  )
}

const unstartable =
  (source: string, why: string) =>
  (error: unknown): never => {
    throw error instanceof AppError ? missing(source, why, error) : error
  }

function oneLine(text: string, source: string, verb: 'contains' | 'printed'): string {
  const secret = text.trim()
  if (secret === '') throw missing(source, verb === 'printed' ? 'printed nothing' : 'is empty')
  if (/\p{Cc}/u.test(secret)) {
    throw missing(source, `${verb} more than one line or a control character`)
  }
  return secret
}

function unreadable(source: string, error: unknown): Error {
  if (error instanceof StepFailed) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why =
    code === 'ENOENT'
      ? 'does not exist; create it so that the worker’s user can read it'
      : `cannot be read (${code}); make it readable for the worker’s user`
  return missing(source, why, error)
}

const missing = (source: string, why: string, cause?: unknown): StepFailed =>
  new StepFailed(
    'credential-missing',
    `the worker cannot get the git credential: ${source} ${why}`,
    cause === undefined ? {} : { cause },
  )

const definedIn = (env: CredentialContext['env']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
