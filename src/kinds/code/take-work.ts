import type { FileArtifact } from '../../domain/attempt.ts'
import type { Change } from '../../workspace/change.ts'
import { lfsObjectFile } from '../../workspace/lfs.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { LFS, LFS_OBJECTS_MAX, PATCH } from './artifacts.ts'
import { type CodeJob, tellNotes } from './code-job.ts'

/** Takes what the agent made of the workspace. */
export async function takeChange(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Change> {
  const change = await takeTree(workspace, signal)
  tellNotes(job, [...change.notes, ...(isKeptWhole(change) ? [] : [TOO_MUCH_LFS])])
  return change
}

const TOO_MUCH_LFS = {
  code: 'work-not-kept',
  text: `More than ${LFS_OBJECTS_MAX} new contents in Git LFS: none of them is kept, so another attempt does the work again.`,
}

/** Whether a later attempt can restore the change: all that its patch points to is kept beside it. */
export const isKeptWhole = ({ lfsObjects }: Pick<Change, 'lfsObjects'>): boolean =>
  lfsObjects.length <= LFS_OBJECTS_MAX

/** Keeps the change. The contents in Git LFS are named by what they hold: one name for all turns. */
export function keepChange(
  { attempt }: CodeJob,
  workspace: Workspace,
  change: Change,
  nameOf: (name: string) => string,
): void {
  for (const file of filesOf(change, workspace)) {
    const name = file.name === PATCH ? nameOf(PATCH) : file.name
    attempt.report.keep({ ...file, name })
  }
}

/** What is kept of a change: its patch, and the contents in Git LFS that this only points to. */
export function filesOf(
  change: Change,
  { gitDir }: Pick<Workspace, 'gitDir'>,
): readonly FileArtifact[] {
  if (!change.changed) return []
  const patch = { name: PATCH, mediaType: 'text/x-diff', file: change.patchFile }
  if (!isKeptWhole(change)) return [patch]
  const mediaType = 'application/octet-stream'
  const contents = change.lfsObjects.map((id) => ({
    name: `${LFS}${id}`,
    mediaType,
    file: lfsObjectFile(gitDir, id),
  }))
  return [patch, ...contents]
}
