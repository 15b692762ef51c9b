import type { DriverFactory } from '../agents/agent.ts'
import type { WorkKind } from '../domain/attempt.ts'
import type { KindSchema } from '../domain/kind.ts'
import type { Clock } from '../platform/clock.ts'
import type { Signature } from '../publish/commit.ts'
import type { GitSettings } from '../workspace/git.ts'

/**
 * A kind of job: `schema` is for the hub, `form` for the command line, and the rest for the worker.
 */
export type Kind = {
  readonly schema: KindSchema
  readonly form: SubmitForm
  /** What a worker on the machine `here` offers to jobs of this kind, such as `agent:codex`. */
  offers(here: Here): readonly string[]
  /**
   * Imports the code that runs jobs of this kind. Only workers need it, so it is not imported at
   * startup.
   */
  work(tools: KindTools): Promise<WorkKind>
}

/** What is installed on a worker's machine. */
export type Here = {
  /** Names of the agents whose preflight passed. */
  readonly agents: readonly string[]
  /** Whether the worker accepts repositories on its own machine. */
  readonly localRepositories: boolean
}

/** What a worker passes to every kind. A kind uses only the parts that it needs. */
export type KindTools = {
  readonly drivers: ReadonlyMap<string, DriverFactory>
  readonly git: GitSettings
  /**
   * The committer of the worker's commits and the key that signs them, for the publish step only.
   */
  readonly signature: Signature
  /** Maximum disk space for the caches of repositories, in bytes. */
  readonly cacheBytes: number
  /** The environment variable PATH for agents, checks and generators. */
  readonly path: string
  readonly clock: Clock
}

/** How `millwright submit` makes the payload of a job of this kind. */
export type SubmitForm = {
  /** One sentence for the help text. */
  readonly description: string
  /** Flags and arguments after the command's name, for the help text. */
  readonly usage: string
  /** Help for the argument before `--`; absent if the kind has no prompt. */
  readonly prompt?: string
  /** Examples for the help text, each without the command's name. */
  readonly examples?: readonly string[]
  readonly flags: readonly Flag[]
  /** Makes the payload from the command line. Throws AppError `usage-invalid`. */
  payload(typed: Typed): Promise<unknown>
}

/** A flag of a kind, as the help text shows it. */
export type Flag = {
  /** The flag and its value, such as `--repo <address>`. A flag `--no-x` sets `x` to false. */
  readonly flag: string
  readonly description: string
  readonly repeats?: boolean
  readonly choices?: readonly string[]
  readonly fallback?: string
}

/** The command line that the user typed. */
export type Typed = {
  /**
   * All flags, by name in camel case, before validation. `readFlags` validates the flags of the
   * kind.
   */
  readonly flags: Readonly<Record<string, unknown>>
  /**
   * The argument before `--`, or the text read from stdin if the argument is `-`. Never blank; null
   * if there is no argument.
   */
  readonly prompt: string | null
  /** The arguments after `--`. */
  readonly rest: readonly string[]
  /** The user's current working directory. */
  readonly cwd: string
  /** The environment variable PATH. */
  readonly path: string
  /** Prints a warning for the user. If null, the kind does not look for problems to warn about. */
  readonly note: ((text: string) => void) | null
}
