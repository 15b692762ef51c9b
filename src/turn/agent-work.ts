import type { AgentDriver, AgentPlace, AgentTask } from '../domain/agent.ts'
import type { Attempt } from '../domain/attempt.ts'
import type { FailedCheck, Verdict } from '../domain/verdict.ts'
import type { Answers, KeptTurn } from './kept-turn.ts'

/** Work that was read from a workspace. */
export type TakenWork = {
  /** Id of the work's content. The checks judge this content, and `restore` restores it. */
  readonly tree: string
  /** Whether the work differs from the state in which the job started. */
  readonly changed: boolean
}

/**
 * What a kind provides to the code that runs turns. That code does not depend on workspaces or
 * payloads.
 */
export type AgentWork<Work extends TakenWork> = {
  readonly attempt: Attempt
  readonly driver: AgentDriver
  readonly place: AgentPlace
  /** Maximum number of turns per job, across all its attempts. */
  readonly iterations: number
  /** Reads the agent's work from the workspace. Throws StepFailed. */
  take(signal: AbortSignal): Promise<Work>
  /**
   * Keeps the work as artifacts. After `record`, a later attempt can restore the work from them.
   * `nameOf` returns the name to use for an artifact, given its default name.
   */
  keep(work: Work, nameOf: (name: string) => string): void
  /**
   * Waits until all artifacts kept so far have been sent, and then records a checkpoint. If the hub
   * does not have one of the artifacts, records nothing and returns false.
   */
  record(work: Work, turn: KeptTurn): Promise<boolean>
  /** Removes the local files of work whose artifacts the hub has. */
  forget(work: Work): Promise<void>
  /** Runs all checks on the work in the workspace; null if the job has no checks. */
  readonly check:
    | ((work: Work, iteration: number, signal: AbortSignal) => Promise<readonly Verdict[]>)
    | null
  /** Resets the workspace to this work and discards what checks wrote. Throws StepFailed. */
  restore(work: Work, signal: AbortSignal): Promise<void>
  /** Returns the prompt for the turn that follows failed checks. */
  findingsPrompt(failed: readonly FailedCheck[], judged: Judged): string
}

/** What `findingsPrompt` depends on besides the failed checks. */
export type Judged = {
  /**
   * The session that the agent continues; null if a new session starts, whose prompt must repeat
   * the task.
   */
  readonly session: string | null
  /** Whether the work has changes. */
  readonly changed: boolean
}

/** A turn that is about to begin. */
export type PlannedTurn = AgentTask & {
  /** The turn's number, counted from 1 across all attempts. */
  readonly iteration: number
  /**
   * The failed checks whose findings the agent must fix in this turn, or null if no check has
   * failed.
   */
  readonly answers: Answers | null
}

/** A turn whose agent exited on its own and left work to check. */
export type FinishedTurn<Work extends TakenWork> = {
  readonly iteration: number
  readonly work: Work
  /** The agent's final message. */
  readonly summary: string
  /** Id of the session that the next turn continues, or null if there is none. */
  readonly session: string | null
  /**
   * The checkpoint record and the session archive that this attempt made of the turn, or null if an
   * earlier attempt made the work.
   */
  readonly own: { readonly record: KeptTurn; readonly archive: string | null } | null
}
