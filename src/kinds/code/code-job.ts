import type { AgentDriver } from '../../domain/agent.ts'
import type { Attempt } from '../../domain/attempt.ts'
import type { Note } from '../../workspace/workspace.ts'
import type { KindTools } from '../kind.ts'
import type { CodePayload } from './payload.ts'

/** One attempt at one code job. */
export type CodeJob = {
  readonly tools: KindTools
  readonly attempt: Attempt
  readonly payload: CodePayload
  readonly driver: AgentDriver
  /** HOME of the agent and of the checks. */
  readonly home: string
}

export function tellNotes({ attempt }: CodeJob, notes: readonly Note[]): void {
  for (const note of notes) attempt.report.tell({ type: 'note', ...note })
}
