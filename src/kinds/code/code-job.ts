import type { AgentDriver } from '../../domain/agent.ts'
import type { Attempt } from '../../domain/attempt.ts'
import { EVENT_TEXT_MAX } from '../../domain/event.ts'
import { clip } from '../../domain/text.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Signature } from '../../publish/commit.ts'
import type { GitSettings } from '../../workspace/git.ts'
import type { Note } from '../../workspace/workspace.ts'
import type { CodePayload } from './payload.ts'

/** What the code kind works with on this worker. */
export type CodeTools = {
  readonly drivers: ReadonlyMap<string, AgentDriver>
  readonly git: GitSettings
  /** Used by the publish step alone. */
  readonly signature: Signature
  /** Disk that caches of repositories may take. */
  readonly cacheBytes: number
  /** Where checks find their programs. */
  readonly path: string
  readonly clock: Clock
}

/** One attempt at one code job. */
export type CodeJob = {
  readonly tools: CodeTools
  readonly attempt: Attempt
  readonly payload: CodePayload
  readonly driver: AgentDriver
  /** HOME of the agent and of the checks. */
  readonly home: string
}

export function tellNotes({ attempt }: CodeJob, notes: readonly Note[]): void {
  for (const { code, text } of notes) {
    attempt.report.tell({ type: 'note', code, text: clip(text, EVENT_TEXT_MAX) })
  }
}
