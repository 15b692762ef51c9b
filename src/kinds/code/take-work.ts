import { rm } from 'node:fs/promises'
import type { Change } from '../../workspace/change.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CodeJob, tellNotes } from './code-job.ts'

/** Takes what the agent made of the workspace. */
export async function takeChange(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Change> {
  const change = await takeTree(workspace, signal)
  tellNotes(job, change.notes)
  return change
}

/** Keeps the change. What its patch points to is named by its contents: one name for all turns. */
export function keepChange(
  { attempt }: CodeJob,
  { artifacts }: Change,
  nameOf: (name: string) => string,
): void {
  for (const file of artifacts) {
    attempt.report.keep({ ...file, name: file.name === PATCH ? nameOf(PATCH) : file.name })
  }
}

/** Removes the patch once the hub has it. Contents in Git LFS stay, for the workspace needs them. */
export const forgetChange = ({ patchFile }: Change): Promise<void> => rm(patchFile, { force: true })
