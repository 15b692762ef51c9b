import { join } from 'node:path'
import type { AgentDriver } from '../../domain/agent.ts'
import type { Attempt } from '../../domain/attempt.ts'
import { EVENT_TEXT_MAX } from '../../domain/event.ts'
import { clip } from '../../domain/text.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import type { Note } from '../../workspace/workspace.ts'
import type { KindTools } from '../kind.ts'
import type { CodePayload } from './payload.ts'

/** One attempt at a code job. */
export type CodeJob = {
  readonly tools: KindTools
  readonly attempt: Attempt
  readonly payload: CodePayload
  readonly driver: AgentDriver
  /** The HOME folder of the agent and of the checks. */
  readonly home: string
}

/** The HOME folder in an attempt's folder. */
export const homeOf = (folder: string): string => join(folder, 'home')

/**
 * The folder with the job's inputs, which programs must be able to read; empty if the job has no
 * inputs.
 */
export function inputFolders(attempt: Attempt): readonly string[] {
  const folder = inputsOf(attempt)
  return folder === null ? [] : [folder]
}

export function reportNotes({ attempt }: CodeJob, notes: readonly Note[]): void {
  for (const { code, text } of notes) {
    attempt.report.tell({ type: 'note', code, text: clip(text, EVENT_TEXT_MAX) })
  }
}
