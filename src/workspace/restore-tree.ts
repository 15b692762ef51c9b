import { StepFailed } from '../domain/stop.ts'
import { git, type GitCall, localFailure, mustGit } from './git.ts'
import { withIndexCopy } from './index-copy.ts'
import { lfsRestore } from './lfs.ts'
import { openFolders } from './open-folders.ts'
import type { Workspace } from './workspace.ts'
import { openRoot, writeTree } from './write-tree.ts'

/**
 * Restores the files of the work tree to `tree`, which `writeTree` returned for this workspace:
 * undoes later additions, changes and deletions. Keeps git-ignored files and everything that git
 * does not store in a tree: the agent's repository, the contents of submodules, pipes and sockets.
 * Throws StepFailed `workspace-failed` if the tree cannot be restored.
 */
export async function restoreTree(
  workspace: Workspace,
  tree: string,
  signal: AbortSignal,
): Promise<void> {
  await openRoot(workspace)
  if ((await resetTo(workspace, tree, signal)).problems === '') return
  // Git reported problems. Read-only folders or very long paths may have caused them, so repair the
  // folders and retry.
  await openFolders(workspace.tree, signal)
  const { problems, written } = await resetTo(workspace, tree, signal)
  if (problems === '') return
  // Equal trees alone do not prove success, because a file that git could neither write nor store
  // would be missing from both trees.
  if (written && (await writeTree(workspace, signal)).tree === tree) return
  throw new StepFailed('workspace-failed', `the work tree cannot be restored: ${problems}`)
}

type Reset = {
  /** Git's warnings and errors; an empty string on success. */
  readonly problems: string
  /** Whether git wrote all files of the tree. */
  readonly written: boolean
}

async function resetTo(workspace: Workspace, tree: string, signal: AbortSignal): Promise<Reset> {
  const { settings, gitDir, options, repository } = workspace
  const mayHoldLfs = options.lfs && repository !== null
  const lfs = mayHoldLfs ? await lfsRestore(repository, workspace) : {}
  return await withIndexCopy(gitDir, async (indexFile) => {
    const place = { gitDir, indexFile, workTree: workspace.tree }
    const run = async (args: readonly string[], more: Partial<GitCall> = {}): Promise<Reset> => {
      const call = { args, ...place, ...more }
      const end = await git(settings, call, signal)
      if (end.exceeded !== null) throw localFailure(call, end)
      const written = end.code === 0
      return { problems: written ? end.stderr.trim() : localFailure(call, end).detail, written }
    }
    await mustGit(settings, { args: ['read-tree', '--reset', tree], ...place }, signal)
    await includeHidden(workspace, { indexFile, tree }, signal)
    // Clean first. If the agent replaced a folder with a link, `read-tree` must not follow that
    // link.
    const cleaned = await run(CLEAN)
    const reset = await run(['read-tree', '--reset', '-u', '--no-sparse-checkout', tree], lfs)
    // Clean again, because the restored .gitignore files may ignore less.
    const problems = [cleaned, reset, await run(CLEAN)].map((end) => end.problems)
    return { problems: problems.filter((text) => text !== '').join('; '), written: reset.written }
  })
}

/** Removes untracked files and nested repositories. Without -x, git keeps ignored files. */
const CLEAN = ['clean', '-ffdq']

/** Makes git also restore files that the agent wrote at paths outside the sparse checkout. */
async function includeHidden(
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
