import { mustGit } from './git.ts'
import { SLASH, splitNul } from './paths.ts'
import type { Workspace } from './workspace.ts'

/** Files that a sparse checkout left out. */
type Unseen = {
  /** Whether this file was left out. */
  has(path: Buffer): boolean
  /**
   * Whether a file at this path would take the place of a folder that contains files that the
   * checkout left out.
   */
  isReplacedBy(path: Buffer): boolean
}

/**
 * Finds the files that the sparse checkout left out. The agent did not see these files, so it
 * cannot have meant to remove them. They must stay even if the agent created a file at the path of
 * a folder that was left out, or a folder at the path of a file that was left out.
 */
export async function unseenIn(
  { settings, gitDir, tree, options }: Workspace,
  indexFile: string,
  signal: AbortSignal,
): Promise<Unseen> {
  if (options.sparse.length === 0) return { has: () => false, isReplacedBy: () => false }
  const args = ['ls-files', '-z', '-t']
  // Without this setting, git treats a file as checked out if anything exists at its path.
  const config = [['sparse.expectFilesOutsideOfPatterns', 'true']] as const
  const call = { args, gitDir, indexFile, workTree: tree, config }
  const [files, folders] = [new Set<string>(), new Set<string>()]
  for (const entry of splitNul(await mustGit(settings, call, signal))) {
    if (!entry.subarray(0, 2).equals(SKIPPED)) continue
    const path = entry.subarray(2)
    files.add(path.toString('latin1'))
    for (const folder of foldersOf(path)) folders.add(folder.toString('latin1'))
  }
  return {
    has: (path) => files.has(path.toString('latin1')),
    isReplacedBy: (path) =>
      folders.has(path.toString('latin1')) ||
      foldersOf(path).some((folder) => files.has(folder.toString('latin1'))),
  }
}

const SKIPPED = Buffer.from('S ')

/** The parent folders of a path, outermost first. */
function foldersOf(path: Buffer): Buffer[] {
  const folders: Buffer[] = []
  for (let end = path.indexOf(SLASH); end !== -1; end = path.indexOf(SLASH, end + 1)) {
    folders.push(path.subarray(0, end))
  }
  return folders
}
