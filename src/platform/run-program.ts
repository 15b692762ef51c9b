import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { hasErrno } from './errno.ts'
import { spawnPiped } from './spawn.ts'

/** Maximum number of bytes that are kept from the end of stderr. */
const STDERR_BYTES_MAX = 64 * 1024
/**
 * How long to keep reading output after the program has exited. A descendant outside the process
 * group may still have the pipes open.
 */
const PIPES_MS_MAX = 2000

/** A program to run to completion while its output is collected. */
export type Program = {
  /** Passed unchanged, without a shell. */
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** The standard input, as a whole or as a stream. If the stream throws, the program is killed. */
  readonly stdin?: Input
  readonly timeoutMs: number
  readonly stdoutBytesMax: number
  /** The file that stdout is written to. Without a file, stdout is kept in memory. */
  readonly stdoutFile?: string
}

export type Input = string | Uint8Array | AsyncIterable<string | Uint8Array>

/** How a program ended, and its output. */
export type ProgramEnd = {
  readonly code: number | null
  readonly killSignal: NodeJS.Signals | null
  /** The limit that the program exceeded and was killed for; null if it exceeded none. */
  readonly exceeded: 'time' | 'output' | null
  /** Empty if stdout was written to a file. */
  readonly stdout: Buffer
  /** The last 64 KiB of stderr. */
  readonly stderr: string
}

/**
 * Runs a program and waits until it exits. Kills the program's whole process group if the program
 * exceeds a limit or the signal aborts. After an abort, throws the signal's reason. Throws AppError
 * `program-unstartable` if the program cannot start.
 */
export async function runProgram(program: Program, signal?: AbortSignal): Promise<ProgramEnd> {
  signal?.throwIfAborted()
  const { process: child } = await spawnPiped(program.argv, program)
  let exceeded: ProgramEnd['exceeded'] = null
  const stop = (limit: 'time' | 'output') => {
    exceeded ??= limit
    killGroup(child)
  }
  const abort = () => killGroup(child)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted === true) abort()
  const timer = setTimeout(() => stop('time'), program.timeoutMs)
  try {
    const [stdout, stderr] = await Promise.all([
      readAll(child.stdout, program, () => stop('output')),
      readTail(child.stderr),
      closing(child),
      feed(child, program.stdin ?? ''),
    ])
    signal?.throwIfAborted()
    return { code: child.exitCode, killSignal: child.signalCode, exceeded, stdout, stderr }
  } catch (error) {
    killGroup(child)
    signal?.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  if (process.platform === 'win32') {
    child.kill('SIGKILL')
    return
  }
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}

async function closing(child: ChildProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  child.once('exit', () => {
    timer = setTimeout(() => {
      child.stdout?.destroy()
      child.stderr?.destroy()
    }, PIPES_MS_MAX)
  })
  await once(child, 'close')
  clearTimeout(timer)
}

/**
 * Writes the input to stdin. If reading the input fails, kills the program, because the program
 * would treat the partial input as complete.
 */
async function feed(child: ChildProcessWithoutNullStreams, input: Input): Promise<void> {
  if (typeof input === 'string' || input instanceof Uint8Array) {
    child.stdin.end(input)
    return
  }
  const failures: unknown[] = []
  async function* pieces(source: AsyncIterable<string | Uint8Array>) {
    try {
      yield* source
    } catch (error) {
      killGroup(child)
      failures.push(error)
    }
  }
  await pipeline(pieces(input), child.stdin).catch(ignoreClosedPipe)
  for (const failure of failures) throw failure
}

async function readAll(
  stdout: Readable,
  { stdoutBytesMax, stdoutFile }: Program,
  tooMuch: () => void,
): Promise<Buffer> {
  let bytes = 0
  async function* limited(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytes += chunk.length
      // Output beyond the limit is read and discarded until the program has exited.
      if (bytes > stdoutBytesMax) tooMuch()
      else yield chunk
    }
  }
  const chunks: Buffer[] = []
  const keep = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk)
  }
  const sink = stdoutFile === undefined ? keep : createWriteStream(stdoutFile, { mode: 0o600 })
  await pipeline(stdout, limited, sink).catch(ignoreClosedPipe)
  return Buffer.concat(chunks)
}

async function readTail(stderr: Readable): Promise<string> {
  let tail = Buffer.alloc(0)
  const keep = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      tail = Buffer.concat([tail, chunk]).subarray(-STDERR_BYTES_MAX)
    }
  }
  await pipeline(stderr, keep).catch(ignoreClosedPipe)
  return tail.toString('utf8')
}

/** Ignores the error for a pipe that `closing` destroyed or that the program closed. */
function ignoreClosedPipe(error: unknown): void {
  if (!hasErrno(error, 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE')) throw error
}
