import { StepFailed } from '../domain/stop.ts'
import { git, type GitCall, localFailure, mustGit } from './git.ts'
import { withIndexCopy } from './index-copy.ts'
import { lfsRestore } from './lfs.ts'
import { openFolders } from './open-folders.ts'
import type { Workspace } from './workspace.ts'
import { openRoot, writeTree } from './write-tree.ts'

/**
 * Puts the work tree back to a tree that `writeTree` answered for this workspace: files that were
 * written, changed or deleted since are undone. Ignored files stay, and so does whatever is no part
 * of a tree: the agent's repository, what lies inside submodules, pipes and sockets. Throws
 * StepFailed `workspace-failed` when the tree cannot be put back.
 */
export async function restoreTree(
  workspace: Workspace,
  tree: string,
  signal: AbortSignal,
): Promise<void> {
  await openRoot(workspace)
  if ((await putBack(workspace, tree, signal)) === '') return
  // Git only warns of what it cannot remove or read: in a read-only folder, or behind too long a path.
  await openFolders(workspace.tree, signal)
  const words = await putBack(workspace, tree, signal)
  if (words === '' || (await writeTree(workspace, signal)).tree === tree) return
  throw new StepFailed('workspace-failed', `the work tree cannot be put back: ${words}`)
}

/** @returns what git complained of; empty when all is as it should be */
async function putBack(workspace: Workspace, tree: string, signal: AbortSignal): Promise<string> {
  const { settings, gitDir, options, repository } = workspace
  const mayHoldLfs = options.lfs && repository !== null
  const lfs = mayHoldLfs ? await lfsRestore(repository, workspace) : {}
  return await withIndexCopy(gitDir, async (indexFile) => {
    const place = { gitDir, indexFile, workTree: workspace.tree }
    const run = async (args: readonly string[], more: Partial<GitCall> = {}): Promise<string> => {
      const call = { args, ...place, ...more }
      const end = await git(settings, call, signal)
      if (end.exceeded !== null) throw localFailure(call, end)
      return end.code === 0 ? end.stderr.trim() : localFailure(call, end).detail
    }
    await mustGit(settings, { args: ['read-tree', '--reset', tree], ...place }, signal)
    await showAll(workspace, { indexFile, tree }, signal)
    // Before the files are written: git looks at files through links that stand where a folder was.
    const cleaned = await run(CLEAN)
    const written = await run(['read-tree', '--reset', '-u', '--no-sparse-checkout', tree], lfs)
    // Once more, by the rules of the .gitignore files that are back.
    return [cleaned, written, await run(CLEAN)].filter((words) => words !== '').join('; ')
  })
}

/** Untracked files and folders, nested repositories included; without -x ignored ones stay. */
const CLEAN = ['clean', '-ffdq']

/** Files that a sparse checkout left out and that the agent wrote are to be written, too. */
async function showAll(
  { settings, gitDir, base, options, tree: workTree }: Workspace,
  { indexFile, tree }: { readonly indexFile: string; readonly tree: string },
  signal: AbortSignal,
): Promise<void> {
  if (options.sparse.length === 0) return
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=MT']
  const names = await mustGit(settings, { args: [...args, base.commit, tree], gitDir }, signal)
  const show = ['update-index', '-z', '--no-skip-worktree', '--stdin']
  await mustGit(settings, { args: show, gitDir, indexFile, workTree, stdin: names }, signal)
}
