import type { Launch } from './launch.ts'
import type { ReasonCode } from './reasons.ts'

/** An agent's only access to a model: an address on this machine and a token that replaces the key. */
export type ModelDoor = {
  /** Base URL without a dialect's path, such as http://127.0.0.1:7400 */
  readonly baseUrl: string
  /** Valid until the attempt ends. */
  readonly token: string
}

/** The model refused a request because of a rate limit or a quota. */
export type ModelRefusal = {
  /** When it accepts requests again, in milliseconds since the epoch; null when unknown. */
  readonly until: number | null
}

/** What an agent is asked to do in one turn. */
export type AgentTask = {
  readonly prompt: string
  /** The session to continue, or null for a new one. */
  readonly session: string | null
}

/** Where an agent works and what it can access: the same for all turns of an attempt. */
export type AgentPlace = {
  /** Its checkout. */
  readonly tree: string
  /** Its HOME, kept between the turns of one session. */
  readonly home: string
  readonly door: ModelDoor | null
  /** The folder of the job's inputs, which the agent gets as MILLWRIGHT_INPUTS; null without inputs. */
  readonly inputs: string | null
  /** Further folders the agent must be able to read, such as the git cache behind its history. */
  readonly readable: readonly string[]
}

/** What an agent says and does, in one form for all agents. Updates are written to the transcript. */
export type AgentUpdate =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'thought'; readonly text: string }
  | {
      readonly type: 'tool-call'
      readonly id: string
      readonly tool: string
      readonly input: string
    }
  | {
      readonly type: 'tool-result'
      readonly id: string
      readonly output: string
      readonly failed: boolean
    }
  | { readonly type: 'session'; readonly session: string }
  | { readonly type: 'usage'; readonly inputTokens: number; readonly outputTokens: number }
  /** Non-fatal trouble, such as a reconnect. */
  | { readonly type: 'warning'; readonly text: string }
  /** Raw output of the program: stderr, or all that an agent without a protocol prints. */
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }

/** How the agent's run ended. Whether it changed anything is read from the workspace, not from this. */
export type AgentEnd =
  | {
      readonly kind: 'done'
      readonly summary: string
      readonly session: string | null
      readonly exitCode: number
    }
  | {
      readonly kind: 'failed'
      readonly reason: ReasonCode
      readonly detail: string
      readonly session: string | null
    }

/** How a driver starts programs and reports updates. */
export type AgentIo = {
  readonly launch: Launch
  readonly onUpdate: (update: AgentUpdate) => void
}

/**
 * Runs one agent program for one job. Calls `onUpdate` for each update, in order. When `signal`
 * aborts, it stops the program (SIGINT, wait, SIGKILL) and then throws the signal's reason.
 * Throws `StepFailed` with `agent-not-installed` when the program cannot be started.
 */
export type AgentDriver = {
  readonly name: string
  run(task: AgentTask, place: AgentPlace, io: AgentIo, signal: AbortSignal): Promise<AgentEnd>
  /** Session files that a follow-up needs, relative to the agent's home. */
  readonly sessionFiles: readonly string[]
}
