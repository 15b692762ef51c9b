import { rm } from 'node:fs/promises'
import type { Change } from '../../workspace/change.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CodeJob, reportNotes } from './code-job.ts'

/** Reads the agent's change from the workspace. */
export async function takeChange(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Change> {
  const change = await takeTree(workspace, signal)
  reportNotes(job, change.notes)
  return change
}

/**
 * Keeps the change as artifacts. Only the patch needs a name per turn: objects that it refers to are
 * named by their content.
 */
export function keepChange(
  { attempt }: CodeJob,
  { artifacts }: Change,
  nameOf: (name: string) => string,
): void {
  for (const file of artifacts) {
    attempt.report.keep({ ...file, name: file.name === PATCH ? nameOf(PATCH) : file.name })
  }
}

/** Removes the patch once the hub has it. Git LFS objects stay, because the workspace needs them. */
export const forgetChange = ({ patchFile }: Change): Promise<void> => rm(patchFile, { force: true })
