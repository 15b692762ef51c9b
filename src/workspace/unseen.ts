import { mustGit } from './git.ts'
import { SLASH, splitNul } from './paths.ts'
import type { Workspace } from './workspace.ts'

/** Whether a path stands in the way of what a sparse checkout left out, or is part of it. */
type Unseen = {
  /** The very file was not checked out. */
  has(path: Buffer): boolean
  /** A file there would push aside a file that was not checked out. */
  isHitBy(path: Buffer): boolean
}

/**
 * What the agent was not shown it cannot have meant to remove: a file that it puts where such a
 * folder is, or a folder that it puts where such a file is, takes nothing away.
 */
export async function unseenIn(
  { settings, gitDir, tree, options }: Workspace,
  indexFile: string,
  signal: AbortSignal,
): Promise<Unseen> {
  if (options.sparse.length === 0) return { has: () => false, isHitBy: () => false }
  const args = ['ls-files', '-z', '-t']
  // Otherwise git takes a file for checked out as soon as anything lies at its path.
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
    isHitBy: (path) =>
      folders.has(path.toString('latin1')) ||
      foldersOf(path).some((folder) => files.has(folder.toString('latin1'))),
  }
}

const SKIPPED = Buffer.from('S ')

/** The folders that a path lies in, outer ones first. */
function foldersOf(path: Buffer): Buffer[] {
  const folders: Buffer[] = []
  for (let end = path.indexOf(SLASH); end !== -1; end = path.indexOf(SLASH, end + 1)) {
    folders.push(path.subarray(0, end))
  }
  return folders
}
