import type { AgentDriver, AgentPlace, AgentTask } from '../domain/agent.ts'
import type { Attempt } from '../domain/attempt.ts'
import type { FailedCheck, Verdict } from '../domain/verdict.ts'
import type { Answers, KeptTurn } from './kept-turn.ts'

/** Work that was taken from a workspace. */
export type TakenWork = {
  /** What checks judge, and what the workspace is put back to. */
  readonly tree: string
  /** Whether it differs from what the job started with. */
  readonly changed: boolean
}

/** What a kind hands to its agent's turns: they know no workspace and no payload. */
export type AgentWork<Work extends TakenWork> = {
  readonly attempt: Attempt
  readonly driver: AgentDriver
  readonly place: AgentPlace
  /** The most turns in one job, over all its attempts. */
  readonly iterations: number
  /** Reads what the agent made. Throws StepFailed. */
  take(signal: AbortSignal): Promise<Work>
  /** Keeps the artifacts from which `record` lets a later attempt restore the work. */
  keep(work: Work, nameOf: (name: string) => string): void
  /**
   * Records a checkpoint, unless the work could not be kept whole. Answers whether it did, and the
   * hub then has everything that was kept before.
   */
  record(work: Work, turn: KeptTurn): Promise<boolean>
  /** Removes the files that were needed only until the hub had the artifacts. */
  forget(work: Work): Promise<void>
  /** Runs all checks on the work in the workspace; null when the job has none. */
  readonly check:
    | ((work: Work, iteration: number, signal: AbortSignal) => Promise<readonly Verdict[]>)
    | null
  /** Puts the workspace back to the work, whatever checks wrote there. Throws StepFailed. */
  restore(work: Work, signal: AbortSignal): Promise<void>
  /** The prompt after failed checks, for the session or, with null, for an agent that remembers nothing. */
  findingsPrompt(failed: readonly FailedCheck[], session: string | null): string
}

/** A turn that is about to begin. */
export type PlannedTurn = AgentTask & {
  /** Counts from 1. */
  readonly iteration: number
  /** null for a turn that follows no failed checks. */
  readonly answers: Answers | null
}

/** A turn whose agent ended by itself and left work to be checked. */
export type FinishedTurn<Work extends TakenWork> = {
  readonly iteration: number
  readonly work: Work
  /** The agent's last words. */
  readonly summary: string
  /** The session that the next turn continues; null when there is none to continue. */
  readonly session: string | null
  /** What this attempt kept of it; null when an earlier attempt made the work. */
  readonly own: { readonly record: KeptTurn; readonly archive: string | null } | null
}
