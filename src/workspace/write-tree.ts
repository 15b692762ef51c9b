import { chmod, lstat } from 'node:fs/promises'
import { StepFailed } from '../domain/stop.ts'
import { CHANGE_LIMITS, type ChangeLimits } from './change.ts'
import { findChanges } from './find-changes.ts'
import { git, localFailure, mustGit } from './git.ts'
import { withIndexCopy } from './index-copy.ts'
import { nestedEntries } from './nested-repository.ts'
import { changedSubmodules } from './submodule-changes.ts'
import type { Note, Workspace } from './workspace.ts'

/**
 * Reads the workspace through the platform's own git folder: untracked, staged and committed changes
 * alike, links as links, nested repositories as files. Nothing that the agent left can run or lead
 * outside. Throws StepFailed `change-too-large` or `workspace-failed`.
 * @returns the id of the tree, and what of the workspace is not in it
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
    const change = { put: found.put, gone: found.gone, entries: nested.entries }
    const refused = await updateIndex(workspace, indexFile, change, signal)
    const inside = await changedSubmodules(workspace, signal)
    const call = { gitDir: workspace.gitDir, indexFile, workTree: workspace.tree }
    const written = await mustGit(workspace.settings, { ...call, args: ['write-tree'] }, signal)
    const notes = [...found.notes, ...nested.notes, ...refused, ...inside]
    return { tree: written.toString('utf8').trim(), notes }
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
