import type { Launch } from './launch.ts'
import type { ReasonCode } from './reasons.ts'

/** The one door to a model that an agent gets: an address on this machine and a dummy key. */
export type ModelDoor = {
  /** Base URL without a dialect's path, such as http://127.0.0.1:7400 */
  readonly baseUrl: string
  /** Dies with the attempt. */
  readonly token: string
}

/** The model gives no more answers for now, by rate or quota. */
export type ModelRefusal = {
  /** When it will again, in milliseconds since the epoch; null when it did not say. */
  readonly until: number | null
}

/** What an agent is asked to do in one turn. */
export type AgentTask = {
  readonly prompt: string
  /** The session to go on with, or null for a new one. */
  readonly session: string | null
}

/** Where an agent works and what it can reach: the same for all turns of an attempt. */
export type AgentPlace = {
  /** Its checkout. */
  readonly tree: string
  /** Its HOME, kept between the turns of one session. */
  readonly home: string
  readonly door: ModelDoor | null
  /** The folder of the files that came with the job, in MILLWRIGHT_INPUTS; null for none. */
  readonly inputs: string | null
  /** Further folders the agent must be able to read, such as the git cache behind its history. */
  readonly readable: readonly string[]
}

/** What an agent says and does, in one shape for all agents; becomes the transcript. */
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
  /** Raw output that is no update: stderr, or a `command` agent's words. */
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }

/** How the agent's run ended. Whether it was any use is judged by the workspace, not by this. */
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

/** What a driver starts programs with, and whom it tells what the agent says. */
export type AgentIo = {
  readonly launch: Launch
  readonly onUpdate: (update: AgentUpdate) => void
}

/**
 * Drives one agent program for one job. Calls `onUpdate` for each thing it says, in order. When
 * `signal` aborts, it stops the program (SIGINT, wait, SIGKILL) and then throws the signal's reason.
 * Throws `StepFailed` with `agent-not-installed` when the program cannot be started.
 */
export type AgentDriver = {
  readonly name: string
  run(task: AgentTask, place: AgentPlace, io: AgentIo, signal: AbortSignal): Promise<AgentEnd>
  /** Session files to keep for a follow-up, relative to the agent's home; empty for none. */
  readonly sessionFiles: readonly string[]
}
