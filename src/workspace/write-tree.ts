import { chmod, lstat } from 'node:fs/promises'
import { StepFailed } from '../domain/stop.ts'
import { CHANGE_LIMITS, type ChangeLimits } from './change.ts'
import { findChanges } from './find-changes.ts'
import { git, localFailure, mustGit } from './git.ts'
import { withIndexCopy } from './index-copy.ts'
import { nestedEntries } from './nested-repository.ts'
import { noObject } from './object-format.ts'
import { changedSubmodules } from './submodule-changes.ts'
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
  // The root's mode is not part of the change. Without access to the root, nothing in it can be
  // read.
  if ((root.mode & 0o700) !== 0o700) await chmod(tree, 0o700)
}

type IndexChange = {
  readonly put: readonly Buffer[]
  readonly removed: readonly Buffer[]
  /** Files to add from nested repositories, as lines for `update-index --index-info`. */
  readonly entries: readonly Buffer[]
}

/**
 * Writes the changes to the index.
 * @returns a note if git rejected names, such as `.GIT`; otherwise an empty list
 */
async function updateIndex(
  { settings, gitDir, tree, base }: Workspace,
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
  // Remove paths first, because a file may replace a folder, and a folder may replace a file.
  const info = await run('--index-info', [
    ...change.removed.map((path) => removal(path, base.commit)),
    ...change.entries,
  ])
  const put = await run('--stdin', change.put)
  if (!info && !put) return []
  return [
    { code: 'names-refused', text: 'Files whose names git rejects are not part of the change.' },
  ]
}

const NUL = Buffer.from([0])
const removal = (path: Buffer, base: string): Buffer =>
  Buffer.concat([Buffer.from(`0 ${noObject(base)}\t`), path])
