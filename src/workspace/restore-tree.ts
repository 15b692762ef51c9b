import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { mustGit } from './git.ts'
import { LFS_PATCH } from './lfs.ts'
import { takeTree } from './take-tree.ts'
import type { Workspace } from './workspace.ts'

/**
 * Puts the work tree back to a tree that `takeTree` answered for this workspace: files that were
 * written, changed or deleted since are undone. Ignored files stay. Throws StepFailed
 * `workspace-failed` when the tree cannot be put back.
 */
export async function restoreTree(
  workspace: Workspace,
  tree: string,
  signal: AbortSignal,
): Promise<void> {
  const now = await treeNow(workspace, signal)
  if (now === tree) return
  await update(workspace, { from: now, to: tree }, signal)
  // Git only warns of a file that it cannot remove.
  if ((await treeNow(workspace, signal)) === tree) return
  throw new StepFailed('workspace-failed', 'what a check wrote cannot be removed')
}

async function treeNow(workspace: Workspace, signal: AbortSignal): Promise<string> {
  const { tree, patchFile } = await takeTree(workspace, signal)
  await rm(patchFile)
  return tree
}

/** Touches no file that is the same in both trees, and follows no link. */
async function update(
  { settings, gitDir, tree: workTree, options }: Workspace,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<void> {
  const indexFile = join(gitDir, `index.${randomUUID()}`)
  const place = { gitDir, indexFile, workTree, ...(options.lfs ? LFS_PATCH : {}) }
  try {
    const read = ['read-tree', '--no-sparse-checkout']
    await mustGit(settings, { ...place, args: [...read, from] }, signal)
    await mustGit(settings, { ...place, args: [...read, '--reset', '-u', from, to] }, signal)
  } finally {
    await rm(indexFile, { force: true })
  }
}
