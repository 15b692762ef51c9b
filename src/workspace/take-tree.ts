import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { allEnded } from '../platform/all-ended.ts'
import { type Change, CHANGE_LIMITS, type ChangeLimits, FewFiles } from './change.ts'
import { changeArtifacts, NOT_KEPT } from './change-artifacts.ts'
import { type GitCall, mustGit } from './git.ts'
import { newLfsObjects } from './lfs-changes.ts'
import { addBase } from './patch-base.ts'
import type { Note, Workspace } from './workspace.ts'
import { writeTree } from './write-tree.ts'

/**
 * Stores the workspace's files as a git tree, as `writeTree` does, and writes the difference from
 * the base to a patch file. Throws StepFailed `change-too-large` or `workspace-failed`.
 */
export async function takeTree(
  workspace: Workspace,
  signal: AbortSignal,
  limits: ChangeLimits = CHANGE_LIMITS,
): Promise<Change> {
  const { tree, notes } = await writeTree(workspace, signal, limits)
  const [counts, patchFile, lfsObjects] = await allEnded([
    countChanges(workspace, tree, signal),
    writePatch(workspace, { tree, limits }, signal),
    newLfsObjects(workspace, tree, signal),
  ])
  const base = workspace.base.commit
  const { changed: changedFiles, ...sums } = counts
  const taken = { base, tree, changed: counts.files > 0, patchFile, lfsObjects }
  const kept = changeArtifacts(taken, workspace.gitDir)
  const inLfs = lfsObjects.length > 0 ? [lfsNote(lfsObjects.length)] : []
  const lost = kept.record === null ? [NOT_KEPT] : []
  return {
    ...taken,
    ...sums,
    changedFiles,
    ...kept,
    notes: [...limited([...notes, ...inLfs]), ...lost],
  }
}

const lfsNote = (count: number): Note => ({
  code: 'lfs-changed',
  text: `The change has ${count} new Git LFS objects. Publishing a branch uploads them; the patch contains only their pointers.`,
})

async function countChanges(workspace: Workspace, tree: string, signal: AbortSignal) {
  const call = diff(workspace, ['--numstat', '-z'], tree)
  const output = (await mustGit(workspace.settings, call, signal)).toString('latin1')
  const counts = { files: 0, insertions: 0, deletions: 0 }
  const changed = new FewFiles()
  for (const line of output.split('\0')) {
    const match = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(line)
    if (match === null) continue
    // For a binary file, git prints dashes instead of line counts.
    const [insertions, deletions] = [match[1], match[2]].map((text) =>
      text === '-' ? null : Number(text),
    )
    counts.files += 1
    counts.insertions += insertions ?? 0
    counts.deletions += deletions ?? 0
    const path = Buffer.from(match[3] ?? '', 'latin1').toString('utf8')
    changed.add({ path, insertions: insertions ?? null, deletions: deletions ?? null })
  }
  return { ...counts, changed: changed.files }
}

async function writePatch(
  workspace: Workspace,
  { tree, limits }: { tree: string; limits: ChangeLimits },
  signal: AbortSignal,
): Promise<string> {
  // Use a unique name, because a reader may still use the previous patch.
  const patchFile = join(workspace.folder, `change-${randomUUID()}.patch`)
  const options = ['-p', '--binary', '--full-index', '--src-prefix=a/', '--dst-prefix=b/']
  const call = diff(workspace, options, tree)
  const stdoutBytesMax = 2 * limits.bytes + 1024 ** 2
  await mustGit(workspace.settings, { ...call, stdoutFile: patchFile, stdoutBytesMax }, signal)
  if (workspace.repository !== null) await addBase(patchFile, workspace.base.commit)
  return patchFile
}

/**
 * The git call that compares the base with a tree. It uses no work tree, so that the agent's
 * .gitattributes have no effect.
 */
const diff = ({ gitDir, base }: Workspace, options: readonly string[], tree: string): GitCall => ({
  args: [
    'diff-tree',
    '-r',
    '--no-renames',
    '--no-color',
    '--no-ext-diff',
    '--no-textconv',
    '--submodule=short',
    ...options,
    base.commit,
    tree,
    '--',
  ],
  gitDir,
})

const NOTES_MAX = 20

function limited(notes: readonly Note[]): Note[] {
  if (notes.length <= NOTES_MAX) return [...notes]
  const more = notes.length - NOTES_MAX
  return [
    ...notes.slice(0, NOTES_MAX),
    { code: 'more-notes', text: `${more} more notes were left out` },
  ]
}
