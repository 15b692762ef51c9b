/** Where secrets are kept, and the failures of getting at them; each says how to fix it. */
import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Clock } from '../platform/clock.ts'
import { runProgram } from '../platform/run-program.ts'

/** What of the worker the sources see. */
export type Surroundings = {
  /** The worker's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Relative paths begin here. */
  readonly cwd: string
  /** The socket of the worker's ssh agent; null without one. */
  readonly sshAuthSock: string | null
  readonly clock: Pick<Clock, 'monotonic'>
  /** How long a program may take to give a secret, in milliseconds. */
  readonly timeoutMs: number
}

/** A secret is one line; whatever is longer is the wrong file. */
const SECRET_BYTES_MAX = 16_384
/** How long what a command printed is used again, in milliseconds. */
const KEPT_MS = 60_000

export function secretFromVariable(name: string, { env }: Surroundings): string {
  return oneLine(env[name] ?? '', `the variable ${name}`)
}

/** Reads the file anew each time, so that a rotated secret is used at once. */
export async function secretFromFile(path: string, { cwd }: Surroundings): Promise<string> {
  const file = resolve(cwd, path)
  const source = `the file ${path}`
  try {
    const { size } = await stat(file)
    if (size > SECRET_BYTES_MAX) throw missing(source, `holds more than ${SECRET_BYTES_MAX} bytes`)
    return oneLine(await readFile(file, 'utf8'), source)
  } catch (error) {
    throw unreadable(source, error)
  }
}

/** @returns the path of a private key that can be read */
export async function checkKey(path: string, { cwd }: Surroundings): Promise<string> {
  const file = resolve(cwd, path)
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw unreadable(`the key ${path}`, error)
  })
  return file
}

/**
 * What a program prints, for at most a minute. Its words are shown to nobody, because they may
 * hold the secret.
 */
export function secretFromCommand(
  run: readonly [string, ...string[]],
  here: Surroundings,
): () => Promise<string> {
  let kept: { readonly secret: Promise<string>; readonly until: number } | null = null
  return async () => {
    const now = here.clock.monotonic()
    if (kept === null || now >= kept.until) {
      kept = { secret: runForSecret(run, here), until: now + KEPT_MS }
    }
    const current = kept
    try {
      return await current.secret
    } catch (error) {
      if (kept === current) kept = null
      throw error
    }
  }
}

async function runForSecret(
  run: readonly [string, ...string[]],
  { env, cwd, timeoutMs }: Surroundings,
): Promise<string> {
  const source = `the command ${run[0]}`
  const limits = { timeoutMs, stdoutBytesMax: SECRET_BYTES_MAX }
  const program = { argv: run, cwd, env: definedIn(env), ...limits }
  const end = await runProgram(program).catch(unstartable(source, 'cannot be started'))
  if (end.exceeded === 'time') throw missing(source, `did not end within ${timeoutMs} ms`)
  if (end.exceeded === 'output') {
    throw missing(source, `printed more than ${SECRET_BYTES_MAX} bytes`)
  }
  if (end.code !== 0) throw missing(source, `ended with ${end.code ?? end.killSignal}`)
  return oneLine(end.stdout.toString('utf8'), source)
}

/** Sees that the agent is there and holds a key: ssh itself would only say that it was refused. */
export async function checkAgent(
  socket: string,
  { env, cwd, timeoutMs }: Surroundings,
): Promise<void> {
  const source = 'the ssh agent'
  const end = await runProgram({
    argv: ['ssh-add', '-l'],
    cwd,
    env: { PATH: env['PATH'] ?? '', LC_ALL: 'C', SSH_AUTH_SOCK: socket },
    timeoutMs,
    stdoutBytesMax: 1024 ** 2,
  }).catch(unstartable(source, 'cannot be asked: ssh-add is not installed'))
  if (end.code === 0) return
  if (end.code === 1) throw missing(source, 'holds no key; add one with: ssh-add')
  throw missing(source, `does not answer at ${socket}; start it, and the worker where it runs`)
}

const unstartable =
  (source: string, why: string) =>
  (error: unknown): never => {
    throw error instanceof AppError ? missing(source, why, error) : error
  }

function oneLine(text: string, source: string): string {
  const secret = text.trim()
  if (secret === '') throw missing(source, 'is empty or printed nothing')
  if (/\p{Cc}/u.test(secret)) throw missing(source, 'gives more than one line')
  return secret
}

function unreadable(source: string, error: unknown): Error {
  if (error instanceof StepFailed) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`
  return missing(source, `${why}; the worker’s user must be able to read it`, error)
}

const missing = (source: string, why: string, cause?: unknown): StepFailed =>
  new StepFailed(
    'credential-missing',
    `the worker’s git credential: ${source} ${why}`,
    cause === undefined ? {} : { cause },
  )

const definedIn = (env: Surroundings['env']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
