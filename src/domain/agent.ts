import type { Launch } from './launch.ts'
import type { ReasonCode } from './reasons.ts'
import type { Resource } from './resource.ts'

/** An agent's only access to a model: a URL on this machine, and a token used instead of an API key. */
export type ModelDoor = {
  /** Base URL without the path of an API, such as http://127.0.0.1:7400 */
  readonly baseUrl: string
  /** The token for this URL. It is valid until the attempt ends. */
  readonly token: string
}

/** Why a model failed to answer a request of an agent. */
export type ModelRefusal =
  /** The account `closed` has reached a rate limit or quota, which resets at `until` (epoch ms). */
  | { readonly kind: 'quota'; readonly until: number; readonly closed: Resource }
  /** The model's server is unreachable, breaks off its response, or reports a temporary error. */
  | { readonly kind: 'unavailable'; readonly closed: Resource }
  /** The server rejected the request; a retry would fail too. */
  | { readonly kind: 'refused'; readonly status: number }

/** What an agent is asked to do in one turn. */
export type AgentTask = {
  readonly prompt: string
  /** Id of the agent's session to continue; null starts a new session. */
  readonly session: string | null
}

/** Where an agent works and what it can access. The same for all turns of an attempt. */
export type AgentPlace = {
  /** The folder with the checkout that the agent edits. */
  readonly tree: string
  /** The agent's HOME folder, kept from one turn of a session to the next. */
  readonly home: string
  readonly door: ModelDoor | null
  /**
   * The folder with the job's inputs; null if the job has none. The environment variable
   * MILLWRIGHT_INPUTS tells the agent the path of this folder.
   */
  readonly inputs: string | null
  /** Other folders that the agent must be able to read, such as the cache with the git history. */
  readonly readable: readonly string[]
}

/** An edit of one file, as the agent reports it. */
export type FileEdit = {
  readonly path: string
  /** The replaced text; null if the whole file is written. */
  readonly old: string | null
  readonly new: string
}

/** One thing that an agent said or did, in the same format for all agents. Written to the transcript. */
export type AgentUpdate =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'thought'; readonly text: string }
  | {
      readonly type: 'tool-call'
      readonly id: string
      readonly tool: string
      readonly input: string
      /** The edits that the tool call makes; absent if the agent does not report them. */
      readonly edits?: readonly FileEdit[]
    }
  | {
      readonly type: 'tool-result'
      readonly id: string
      readonly output: string
      readonly failed: boolean
    }
  | { readonly type: 'session'; readonly session: string }
  | { readonly type: 'usage'; readonly inputTokens: number; readonly outputTokens: number }
  /** A non-fatal problem, such as a reconnect. */
  | { readonly type: 'warning'; readonly text: string }
  /** Raw output of the agent's program: its stderr, or all its output if the agent has no protocol. */
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }

/** How the agent's run ended. It does not list the agent's changes: these are read from the workspace. */
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

/** The functions with which a driver starts programs and reports updates. */
export type AgentIo = {
  readonly launch: Launch
  readonly onUpdate: (update: AgentUpdate) => void
}

/**
 * Runs one agent program for one job. `run` calls `onUpdate` for each update, in order. When `signal`
 * aborts, `run` sends SIGINT to the program, waits, sends SIGKILL, and then throws the signal's reason.
 * If the program cannot be started, `run` throws `StepFailed` with `agent-not-installed`.
 */
export type AgentDriver = {
  readonly name: string
  run(task: AgentTask, place: AgentPlace, io: AgentIo, signal: AbortSignal): Promise<AgentEnd>
  /**
   * Paths of files and folders in the agent's HOME folder, such as `.codex/sessions`. They hold the
   * session that a later attempt or a follow-up job continues.
   */
  readonly sessionFiles: readonly string[]
}
