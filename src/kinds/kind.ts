import type { DriverFactory } from '../agents/agent.ts'
import type { WorkKind } from '../domain/attempt.ts'
import type { KindSchema } from '../domain/kind.ts'
import type { Clock } from '../platform/clock.ts'
import type { Signature } from '../publish/commit.ts'
import type { GitSettings } from '../workspace/git.ts'

/** One sort of work, as the three who meet it know it: the hub, the command line, the worker. */
export type Kind = {
  readonly schema: KindSchema
  readonly form: SubmitForm
  /** What a worker offers to jobs of this kind, such as `agent:codex`. */
  offers(here: Here): readonly string[]
  /** What a worker does with it. Loaded by workers alone, for it brings all its tools along. */
  work(tools: KindTools): Promise<WorkKind>
}

/** What works on a worker's machine. */
export type Here = {
  /** Names of the agents whose preflight passed. */
  readonly agents: readonly string[]
}

/** What a worker hands to every kind; each takes what it needs. */
export type KindTools = {
  readonly drivers: ReadonlyMap<string, DriverFactory>
  readonly git: GitSettings
  /** Used by the publish step alone. */
  readonly signature: Signature
  /** Disk that caches of repositories may take. */
  readonly cacheBytes: number
  /** Where agents, checks and generators find their programs. */
  readonly path: string
  readonly clock: Clock
}

/** How a job of a kind is described on a command line. */
export type SubmitForm = {
  /** One sentence for the help text. */
  readonly description: string
  /** What may stand behind the command's name. */
  readonly usage: string
  /** What the argument before `--` means; absent for a kind that takes none. */
  readonly prompt?: string
  /** What stands behind the command's name in the examples of the help text. */
  readonly examples?: readonly string[]
  readonly flags: readonly Flag[]
  /** Makes the payload of what was typed. Throws AppError `usage-invalid`. */
  payload(typed: Typed): Promise<unknown>
}

/** A flag of one kind, as the help text shows it. */
export type Flag = {
  /** With its value, such as `--repo <address>`; `--no-x` turns something off. */
  readonly flag: string
  readonly description: string
  readonly repeats?: boolean
  readonly choices?: readonly string[]
  readonly fallback?: string
}

/** What a person typed. */
export type Typed = {
  /** The kind's own, by name in camel case, as they were typed; `readFlags` checks them. */
  readonly flags: Readonly<Record<string, unknown>>
  /** The argument before `--`, read from stdin when it was `-`, never blank; null when there was none. */
  readonly prompt: string | null
  /** What stood after `--`. */
  readonly rest: readonly string[]
  /** Where the person stands. */
  readonly cwd: string
}
