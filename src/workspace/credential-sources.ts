// Reads secrets from where they are stored. Each failure says how to fix it.
import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Clock } from '../platform/clock.ts'
import { runProgram } from '../platform/run-program.ts'

/** The parts of the worker that the sources use. */
export type CredentialContext = {
  /** The worker's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths are resolved from this folder. */
  readonly cwd: string
  /** The socket of the worker's ssh agent; null when there is none. */
  readonly sshAuthSock: string | null
  readonly clock: Pick<Clock, 'monotonic'>
  /** Longest run of a program that prints a secret, in milliseconds. */
  readonly timeoutMs: number
}

/** A secret is one line; a larger file is probably the wrong one. */
const SECRET_BYTES_MAX = 16_384
/** How long the output of a command is cached, in milliseconds. */
const CACHED_MS = 60_000

export function secretFromVariable(name: string, { env }: CredentialContext): string {
  return oneLine(env[name] ?? '', `the variable ${name}`)
}

/** Reads the file on every call, so that a rotated secret takes effect at once. */
export async function secretFromFile(path: string, { cwd }: CredentialContext): Promise<string> {
  const file = resolve(cwd, path)
  const source = `the file ${path}`
  try {
    const { size } = await stat(file)
    if (size > SECRET_BYTES_MAX)
      throw missing(source, `contains more than ${SECRET_BYTES_MAX} bytes`)
    return oneLine(await readFile(file, 'utf8'), source)
  } catch (error) {
    throw unreadable(source, error)
  }
}

/** @returns the absolute path of a private key that can be read */
export async function checkKey(path: string, { cwd }: CredentialContext): Promise<string> {
  const file = resolve(cwd, path)
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw unreadable(`the key ${path}`, error)
  })
  return file
}

/**
 * The output of a program, cached for a minute. Messages never contain it, not even stderr, because
 * it may contain the secret.
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
  const end = await runProgram(program).catch(unstartable(source, 'cannot be started'))
  if (end.exceeded === 'time') throw missing(source, `did not end within ${timeoutMs} ms`)
  if (end.exceeded === 'output') {
    throw missing(source, `printed more than ${SECRET_BYTES_MAX} bytes`)
  }
  if (end.code !== 0) throw missing(source, `exited with ${end.code ?? end.killSignal}`)
  return oneLine(end.stdout.toString('utf8'), source)
}

/** Checks that the agent answers and holds a key: ssh itself would only report a refused login. */
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
    `does not answer at ${socket}; start an ssh agent, then start the worker in the same environment`,
  )
}

const unstartable =
  (source: string, why: string) =>
  (error: unknown): never => {
    throw error instanceof AppError ? missing(source, why, error) : error
  }

function oneLine(text: string, source: string): string {
  const secret = text.trim()
  if (secret === '') throw missing(source, 'is empty or printed nothing')
  if (/\p{Cc}/u.test(secret)) throw missing(source, 'has more than one line')
  return secret
}

function unreadable(source: string, error: unknown): Error {
  if (error instanceof StepFailed) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
  return missing(source, `${why}; the worker’s user must be able to read it`, error)
}

const missing = (source: string, why: string, cause?: unknown): StepFailed =>
  new StepFailed(
    'credential-missing',
    `the worker’s git credential: ${source} ${why}`,
    cause === undefined ? {} : { cause },
  )

const definedIn = (env: CredentialContext['env']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
