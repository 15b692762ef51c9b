import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { AgentIo, AgentPlace } from '../domain/agent.ts'
import { isAppError } from '../domain/errors.ts'
import type { Child } from '../domain/launch.ts'
import { StepFailed } from '../domain/stop.ts'

/** Between SIGINT and SIGKILL. Codex and Claude Code end within 0.2 s of a SIGINT (measured). */
const GRACE_MS = 2000

/** What a worker gives to every agent program. */
export type AgentHost = {
  /** Where programs are looked for. */
  readonly path: string
}

/** What drivers need beside that. */
export type DriverHost = AgentHost & {
  /** The Node that runs the built-in agent: the worker's own. */
  readonly node: string
  /** For tasks that name no model, such as anthropic/claude-sonnet-5. */
  readonly model: string
}

export type AgentProgram = {
  readonly argv: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  /** All that it gets to read; its input ends there. */
  readonly stdin: string
  /** How to install it, for the one who reads that it is missing. */
  readonly install: string
  /** Reads stdout, or stderr, to its end. */
  readonly readOutput: (stdout: Readable) => Promise<void>
  readonly readErrors: (stderr: Readable) => Promise<void>
}

/** The environment of an agent: nothing of the worker's own but the PATH. */
export const agentEnvironment = (place: AgentPlace, host: AgentHost): Record<string, string> => ({
  PATH: host.path,
  HOME: place.home,
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  ...(place.inputs === null ? {} : { MILLWRIGHT_INPUTS: place.inputs }),
})

/**
 * Runs an agent's program in its tree to the end and answers its exit code, as a shell tells it:
 * 128 and the number of the signal that ended it. When the signal aborts, stops the program with
 * all it started and throws the signal's reason. Throws `StepFailed` with `agent-not-installed`.
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
    // Nothing is left of a program that ended; one that we fail to read must not go on unread.
    await child.stop(0)
  }
}
