import { randomUUID } from 'node:crypto'
import { chmod, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { allEnded } from '../platform/all-ended.ts'
import { type Change, CHANGE_LIMITS, type ChangeLimits } from './change.ts'
import { keptOf, NOT_KEPT } from './change-artifacts.ts'
import { findChanges } from './find-changes.ts'
import { git, type GitCall, localFailure, mustGit } from './git.ts'
import { withIndexCopy } from './index-copy.ts'
import { newLfsObjects } from './lfs-changes.ts'
import { nestedEntries } from './nested-repository.ts'
import { changedSubmodules } from './submodule-changes.ts'
import type { Note, Workspace } from './workspace.ts'

/**
 * Reads the tree through the platform's own git folder: untracked, staged and committed changes
 * alike, links as links, nested repositories as files. Nothing that the agent left can run or
 * lead outside. Throws StepFailed `change-too-large` or `workspace-failed`.
 */
export async function takeTree(
  workspace: Workspace,
  signal: AbortSignal,
  limits: ChangeLimits = CHANGE_LIMITS,
): Promise<Change> {
  await openRoot(workspace)
  return await withIndexCopy(workspace.gitDir, async (indexFile) => {
    const found = await findChanges(workspace, { indexFile, limits }, signal)
    const nested = await nestedEntries(workspace, { indexFile, limits, found }, signal)
    const change = { put: found.put, gone: found.gone, entries: nested.entries }
    const refused = await updateIndex(workspace, indexFile, change, signal)
    const inside = await changedSubmodules(workspace, signal)
    const notes = [...found.notes, ...nested.notes, ...refused, ...inside]
    const call = { gitDir: workspace.gitDir, indexFile, workTree: workspace.tree }
    const written = await mustGit(workspace.settings, { ...call, args: ['write-tree'] }, signal)
    const tree = written.toString('utf8').trim()
    const [counts, patchFile, lfsObjects] = await allEnded([
      countChanges(workspace, tree, signal),
      writePatch(workspace, { tree, limits }, signal),
      newLfsObjects(workspace, tree, signal),
    ])
    if (lfsObjects.length > 0) notes.push(lfsNote(lfsObjects.length))
    const base = workspace.base.commit
    const taken = { base, tree, changed: counts.files > 0, patchFile, lfsObjects }
    const kept = keptOf(taken, workspace.gitDir)
    const lost = kept.record === null ? [NOT_KEPT] : []
    return { ...taken, ...counts, ...kept, notes: [...few(notes), ...lost] }
  })
}

/** Makes sure that the workspace folder is the one that was made, and open. Throws StepFailed `workspace-failed`. */
export async function openRoot({ tree }: Pick<Workspace, 'tree'>): Promise<void> {
  const root = await lstat(tree)
  if (!root.isDirectory()) {
    throw new StepFailed('workspace-failed', 'the agent replaced its workspace folder')
  }
  // No part of the change, and nothing can be read behind a folder that is shut.
  if ((root.mode & 0o700) !== 0o700) await chmod(tree, 0o700)
}

const lfsNote = (count: number): Note => ({
  code: 'lfs-changed',
  text: `${count} new contents in Git LFS: a pushed branch brings them along; the patch holds their pointers.`,
})

type IndexChange = {
  readonly put: readonly Buffer[]
  readonly gone: readonly Buffer[]
  /** Lines for `update-index --index-info`. */
  readonly entries: readonly Buffer[]
}

/** @returns a note when git refused names, such as another spelling of .git */
async function updateIndex(
  { settings, gitDir, tree }: Workspace,
  indexFile: string,
  change: IndexChange,
  signal: AbortSignal,
): Promise<Note[]> {
  const run = async (option: string, lines: readonly Buffer[]): Promise<boolean> => {
    if (lines.length === 0) return false
    const args = ['update-index', '-z', '--add', '--remove', '--replace', option]
    const stdin = Buffer.concat(lines.flatMap((line) => [line, NUL]))
    const call = { args, gitDir, indexFile, workTree: tree, stdin }
    const end = await git(settings, call, signal)
    if (end.code !== 0) throw localFailure(call, end)
    return /^Ignoring path /m.test(end.stderr)
  }
  // Removals first: a file may stand where a folder was, or the other way round.
  const info = await run('--index-info', [...change.gone.map(removal), ...change.entries])
  const put = await run('--stdin', change.put)
  if (!info && !put) return []
  return [{ code: 'names-refused', text: 'Files whose names git refuses were not taken.' }]
}

const NUL = Buffer.from([0])
const removal = (path: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`0 ${'0'.repeat(40)}\t`), path])

async function countChanges(workspace: Workspace, tree: string, signal: AbortSignal) {
  const call = diff(workspace, ['--numstat', '-z'], tree)
  const lines = (await mustGit(workspace.settings, call, signal)).toString('latin1').split('\0')
  const counts = { files: 0, insertions: 0, deletions: 0 }
  for (const line of lines) {
    const match = /^(\d+|-)\t(\d+|-)\t/.exec(line)
    if (match === null) continue
    counts.files += 1
    // Binary files count as a dash.
    counts.insertions += Number(match[1]) || 0
    counts.deletions += Number(match[2]) || 0
  }
  return counts
}

async function writePatch(
  workspace: Workspace,
  { tree, limits }: { tree: string; limits: ChangeLimits },
  signal: AbortSignal,
): Promise<string> {
  // Of its own name: somebody may still be reading the one before.
  const patchFile = join(workspace.folder, `change-${randomUUID()}.patch`)
  const options = ['-p', '--binary', '--full-index', '--src-prefix=a/', '--dst-prefix=b/']
  const call = diff(workspace, options, tree)
  const stdoutBytesMax = 2 * limits.bytes + 1024 ** 2
  await mustGit(workspace.settings, { ...call, stdoutFile: patchFile, stdoutBytesMax }, signal)
  return patchFile
}

/** Compares two trees in the git folder alone: no work tree, no attributes of the agent's. */
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

function few(notes: readonly Note[]): Note[] {
  if (notes.length <= NOTES_MAX) return [...notes]
  const more = notes.length - NOTES_MAX
  return [
    ...notes.slice(0, NOTES_MAX),
    { code: 'more-notes', text: `${more} more notes of this kind` },
  ]
}
