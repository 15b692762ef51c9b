import { rm } from 'node:fs/promises'
import type { Change } from '../../workspace/change.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CodeJob, reportNotes } from './code-job.ts'

/**
 * Reads the agent's change from the workspace, and reports its size and the warnings about it as
 * events.
 */
export async function takeChange(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Change> {
  const change = await takeTree(workspace, signal)
  reportNotes(job, change.notes)
  const { tree, files, insertions, deletions, changedFiles } = change
  job.attempt.report.tell({
    type: 'change',
    tree,
    files,
    insertions,
    deletions,
    changed: [...changedFiles],
  })
  return change
}

/**
 * Keeps the change as artifacts. `nameOf` renames only the patch, which may need a different name
 * in each turn. The names of the other files never clash, because they depend on the files'
 * contents.
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

/**
 * Removes the patch file once the hub has it. Git LFS objects stay, because the workspace needs
 * them.
 */
export const forgetChange = ({ patchFile }: Change): Promise<void> => rm(patchFile, { force: true })
