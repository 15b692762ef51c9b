import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { AgentIo, AgentPlace } from '../domain/agent.ts'
import { isAppError } from '../domain/errors.ts'
import type { Child } from '../domain/launch.ts'
import { StepFailed } from '../domain/stop.ts'

/**
 * Time between SIGINT and SIGKILL, in ms. Codex and Claude Code exit 0.2 s after a SIGINT
 * (measured).
 */
const GRACE_MS = 2000

/** What every agent needs to know about the worker. */
export type AgentHost = {
  /** The PATH on which agents' programs are searched, in the format of the environment variable. */
  readonly path: string
}

/** What every driver needs to know about the worker. */
export type DriverHost = AgentHost & {
  /** Path of the Node executable that runs both the worker and the built-in agent. */
  readonly node: string
  /** The default model, such as `anthropic/claude-sonnet-5`, for jobs that do not name a model. */
  readonly model: string
}

export type AgentProgram = {
  readonly argv: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  /** The whole standard input of the program. */
  readonly stdin: string
  /** How to install the program; appended to the error if the program is missing. */
  readonly install: string
  /** Reads stdout to its end. */
  readonly readOutput: (stdout: Readable) => Promise<void>
  /** Reads stderr to its end. */
  readonly readErrors: (stderr: Readable) => Promise<void>
}

/** The environment of an agent. Of the worker's own variables, only PATH is passed on. */
export const agentEnvironment = (place: AgentPlace, host: AgentHost): Record<string, string> => ({
  PATH: host.path,
  HOME: place.home,
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  ...(place.inputs === null ? {} : { MILLWRIGHT_INPUTS: place.inputs }),
})

/**
 * Runs an agent's program and returns its exit code. If a signal such as SIGKILL ended the program,
 * the code is 128 plus the signal's number, as in a shell. If `signal` aborts, stops the program's
 * whole process tree and throws the abort reason. Throws `StepFailed` with `agent-not-installed` if
 * the program cannot start.
 */
export async function runAgentProgram(
  place: AgentPlace,
  program: AgentProgram,
  { launch }: Pick<AgentIo, 'launch'>,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted()
  const child = await launch({
    argv: program.argv,
    cwd: place.tree,
    env: program.env,
    writable: [place.tree, place.home],
    readable: place.readable,
  }).catch((error: unknown) => {
    throw isAppError(error, 'program-unstartable')
      ? new StepFailed('agent-not-installed', `${error.message}; ${program.install}`)
      : error
  })
  return await untilEnd(child, program, signal)
}

async function untilEnd(child: Child, program: AgentProgram, signal: AbortSignal): Promise<number> {
  const stop = () => void child.stop(GRACE_MS)
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) stop()
    child.stdin.end(program.stdin)
    await Promise.all([program.readOutput(child.stdout), program.readErrors(child.stderr)])
    const { code, killSignal } = await child.exit
    signal.throwIfAborted()
    return killSignal === null ? (code ?? 1) : 128 + constants.signals[killSignal]
  } finally {
    signal.removeEventListener('abort', stop)
    // If the program has exited, this call does nothing. Otherwise, reading the output has failed,
    // and the program must be stopped, because nothing reads its output anymore.
    await child.stop(0)
  }
}
