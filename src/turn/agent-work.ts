import type { AgentDriver, AgentPlace, AgentTask } from '../domain/agent.ts'
import type { Attempt } from '../domain/attempt.ts'
import type { FailedCheck, Verdict } from '../domain/verdict.ts'
import type { Answers, KeptTurn } from './kept-turn.ts'

/** Work that was read from a workspace. */
export type TakenWork = {
  /** Identifies the content that checks judge and that `restore` restores. */
  readonly tree: string
  /** Whether it differs from the state in which the job started. */
  readonly changed: boolean
}

/** What a kind passes to the turns of its agent, which know neither workspace nor payload. */
export type AgentWork<Work extends TakenWork> = {
  readonly attempt: Attempt
  readonly driver: AgentDriver
  readonly place: AgentPlace
  /** Maximum number of turns of the job, over all its attempts. */
  readonly iterations: number
  /** Reads the agent's work from the workspace. Throws StepFailed. */
  take(signal: AbortSignal): Promise<Work>
  /** Keeps the artifacts from which `record` lets a later attempt restore the work. */
  keep(work: Work, nameOf: (name: string) => string): void
  /**
   * Records a checkpoint once the hub has everything kept so far. Returns false, and records
   * nothing, when part of the work could not be kept.
   */
  record(work: Work, turn: KeptTurn): Promise<boolean>
  /** Removes the files that were needed only until the hub had the artifacts. */
  forget(work: Work): Promise<void>
  /** Runs all checks on the work in the workspace; null when the job has none. */
  readonly check:
    | ((work: Work, iteration: number, signal: AbortSignal) => Promise<readonly Verdict[]>)
    | null
  /** Restores the workspace to the work and undoes what checks wrote. Throws StepFailed. */
  restore(work: Work, signal: AbortSignal): Promise<void>
  /** The prompt after failed checks. Without a session the agent remembers nothing of its earlier turns. */
  findingsPrompt(failed: readonly FailedCheck[], session: string | null): string
}

/** A turn that is about to begin. */
export type PlannedTurn = AgentTask & {
  /** Counts from 1. */
  readonly iteration: number
  /** The failed checks that the turn must fix; null for none. */
  readonly answers: Answers | null
}

/** A turn whose agent exited on its own and left work to check. */
export type FinishedTurn<Work extends TakenWork> = {
  readonly iteration: number
  readonly work: Work
  /** The agent's final message. */
  readonly summary: string
  /** The session that the next turn continues; null when there is none to continue. */
  readonly session: string | null
  /** What this attempt kept of the turn; null when an earlier attempt made the work. */
  readonly own: { readonly record: KeptTurn; readonly archive: string | null } | null
}
