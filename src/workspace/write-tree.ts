import { chmod, lstat } from 'node:fs/promises'
import { StepFailed } from '../domain/stop.ts'
import { CHANGE_LIMITS, type ChangeLimits } from './change.ts'
import { findChanges } from './find-changes.ts'
import { mustGit } from './git.ts'
import { withIndexCopy } from './index-copy.ts'
import { nestedEntries } from './nested-repository.ts'
import { changedSubmodules } from './submodule-changes.ts'
import { updateIndex } from './update-index.ts'
import type { Note, Workspace } from './workspace.ts'

/**
 * Stores the workspace's files as a git tree in the platform's git directory. Includes untracked,
 * staged and committed changes; stores links as links and nested repositories as plain files. Runs
 * no program that the agent left, and follows no links. Throws StepFailed `change-too-large` or
 * `workspace-failed`.
 * @returns the tree's id, and notes for the submitter
 */
export async function writeTree(
  workspace: Workspace,
  signal: AbortSignal,
  limits: ChangeLimits = CHANGE_LIMITS,
): Promise<{ readonly tree: string; readonly notes: readonly Note[] }> {
  await openRoot(workspace)
  return await withIndexCopy(workspace.gitDir, async (indexFile) => {
    const found = await findChanges(workspace, { indexFile, limits }, signal)
    const nested = await nestedEntries(workspace, { indexFile, limits, found }, signal)
    const change = { put: found.put, removed: found.removed, entries: nested.entries }
    const refused = await updateIndex(workspace, indexFile, change, signal)
    const inside = await changedSubmodules(workspace, signal)
    const call = { gitDir: workspace.gitDir, indexFile, workTree: workspace.tree }
    const written = await mustGit(workspace.settings, { ...call, args: ['write-tree'] }, signal)
    const notes = [...found.notes, ...nested.notes, ...refused, ...inside]
    return { tree: written.toString('utf8').trim(), notes }
  })
}

/** Makes the root of the tree accessible. Throws StepFailed if it is no longer a folder. */
export async function openRoot({ tree }: Pick<Workspace, 'tree'>): Promise<void> {
  const root = await lstat(tree)
  if (!root.isDirectory()) {
    throw new StepFailed(
      'workspace-failed',
      'the agent replaced its workspace folder with a file or link',
    )
  }
  // The root's mode is not part of the change, so changing it is safe. Without access to the root,
  // nothing in it can be read.
  if ((root.mode & 0o700) !== 0o700) await chmod(tree, 0o700)
}
