import { join } from 'node:path'
import { isFolderIn } from './folder-in.ts'
import { git } from './git.ts'
import { show, splitNul } from './paths.ts'
import type { Note, Submodule, Workspace } from './workspace.ts'

/** Maximum number of changed files that a note lists by name. */
const NAMES_MAX = 5

/**
 * Returns a note for each submodule in which the agent changed files. Changes in submodules are not
 * published, because a submodule is a separate repository.
 */
export async function changedSubmodules(
  workspace: Workspace,
  signal: AbortSignal,
): Promise<readonly Note[]> {
  const notes: Note[] = []
  for (const submodule of workspace.submodules) {
    const note = await changeIn(workspace, submodule, signal)
    if (note !== null) notes.push(note)
  }
  return notes
}

async function changeIn(
  { tree, settings }: Workspace,
  { path, gitDir }: Submodule,
  signal: AbortSignal,
): Promise<Note | null> {
  // The agent removed or replaced the submodule's folder, so there are no files to compare.
  if (!(await isFolderIn(tree, path))) return null
  const workTree = join(tree, path)
  const args = ['ls-files', '-z', '-m', '-o', '--exclude-standard']
  const end = await git(settings, { args, gitDir, workTree }, signal)
  const about = { code: 'submodule-changed' }
  const lead = `${JSON.stringify(path)} is a submodule; changes inside it are not published`
  if (end.code !== 0) return { ...about, text: `${lead} and cannot be listed` }
  const names = [...new Set([...splitNul(end.stdout)].map(show))]
  if (names.length === 0) return null
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ''
  return { ...about, text: `${lead}: ${names.slice(0, NAMES_MAX).join(', ')}${more}` }
}
