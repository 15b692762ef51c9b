import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { JobEvent } from '../../src/domain/event.ts'
import { Job } from '../../src/domain/job.ts'
import { tempFolder } from './temp-folder.ts'

export const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'millwright.js')

/** The compile cache of `vitest.config.ts`; without a cache the start takes twice as long. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }

export type CliEnd = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
export type CliOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly cwd?: string
}

/** The program as a new user runs it: in a process, with an empty HOME and no settings. */
export type Cli = {
  /** The empty HOME, and the working folder. */
  readonly home: string
  /** Where hub and worker keep their data. */
  readonly data: string
  /** Runs one command to its end. */
  run(args: readonly string[], options?: CliOptions): Promise<CliEnd>
  /** A job with its events, from `show`. */
  show(id: string): Promise<z.infer<typeof Shown>>
  /** Starts a command that keeps running; it is stopped when the test ends. */
  start(args: readonly string[], options?: CliOptions): RunningCli
  /** Starts a hub on a free port and waits until it answers. */
  startHub(args?: readonly string[]): Promise<RunningCli>
  /** The same with a worker that confines nothing, so that it runs on any machine. */
  startUp(args?: readonly string[], options?: CliOptions): Promise<RunningCli>
}

/** A folder of links to these programs, to be the whole PATH. */
export async function pathWithOnly(folder: string, names: readonly string[]): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const name of names) {
    const found = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((place) => join(place, name))
      .find((program) => existsSync(program))
    if (found !== undefined) await symlink(found, join(bin, name))
  }
  return bin
}

export type RunningCli = {
  readonly process: ChildProcess
  /** Resolves with everything printed so far when it matches; rejects when the program ends first. */
  printed(pattern: RegExp): Promise<string>
  /** Sends SIGTERM (or another) and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<CliEnd>
  readonly end: Promise<CliEnd>
}

const Shown = z.object({ job: Job, events: z.array(JobEvent) })

/** @param program from the repository, or from an installed package */
export async function cliInEmptyHome(program = PROGRAM): Promise<Cli> {
  const home = await tempFolder()
  const start = (args: readonly string[], options: CliOptions = {}): RunningCli =>
    startProgram([program, ...args], home, options)
  return {
    home,
    data: join(home, '.local', 'share', 'millwright'),
    start,
    run: (args, options) => start(args, options).end,
    show: async (id) => {
      const { stdout } = await start(['show', id, '--json']).end
      return Shown.parse(JSON.parse(stdout))
    },
    startHub: async (args = []) => {
      const hub = start(['hub', '--port', '0', ...args])
      await hub.printed(/hub on http/)
      return hub
    },
    startUp: async (args = [], options = {}) => {
      const up = start(['up', '--port', '0', '--sandbox', 'none', ...args], options)
      await up.printed(/next: .* submit/)
      return up
    },
  }
}

/** The address that a running hub prints. */
export async function hubAddress(data: string): Promise<string> {
  const text = await readFile(join(data, 'hub.json'), 'utf8')
  return /"url":"([^"]+)"/.exec(text)?.[1] ?? ''
}

function startProgram(argv: readonly string[], home: string, options: CliOptions): RunningCli {
  const child = spawn(process.execPath, argv, {
    cwd: options.cwd ?? home,
    env: { PATH: process.env['PATH'], HOME: home, ...COMPILE_CACHE, ...options.env },
    stdio: 'pipe',
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.stdin ?? '')
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const end = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await end
  })
  return {
    process: child,
    end,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return end
    },
    printed: async (pattern) => {
      while (!pattern.test(stdout + stderr)) {
        const more = Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')])
        const ended = await Promise.race([more.then(() => false), end.then(() => true)])
        if (ended && !pattern.test(stdout + stderr)) {
          throw new Error(`the program ended without printing ${pattern}:\n${stdout}${stderr}`)
        }
      }
      return stdout + stderr
    },
  }
}
