import { type ChangeLimits, checkLimits } from './change.ts'
import { git, localFailure } from './git.ts'
import { lookInside, unreadable } from './look-at.ts'
import { show, SLASH, splitNul } from './paths.ts'
import { unseenIn } from './unseen.ts'
import type { Note, Workspace } from './workspace.ts'

/**
 * Differences between the work tree and the index, grouped by how to handle them. Paths are bytes,
 * not text.
 */
export type Found = {
  /** Paths of new and changed files and links, to store in the tree. */
  readonly put: readonly Buffer[]
  /** Paths to remove from the tree. */
  readonly removed: readonly Buffer[]
  /** Paths of untracked folders that are git repositories. */
  readonly nested: readonly Buffer[]
  readonly files: number
  readonly bytes: number
  readonly notes: readonly Note[]
}

/**
 * Lists what the agent changed. Git never enters a nested repository, because that repository's
 * configuration could run programs. Throws StepFailed `change-too-large`.
 */
export async function findChanges(
  workspace: Workspace,
  { indexFile, limits }: { readonly indexFile: string; readonly limits: ChangeLimits },
  signal: AbortSignal,
): Promise<Found> {
  const list = lister(workspace, indexFile, signal)
  const look = lookInside(Buffer.from(workspace.tree))
  const unseen = await unseenIn(workspace, indexFile, signal)
  const [put, removed, nested, folders]: [Buffer[], Buffer[], Buffer[], Buffer[]] = [[], [], [], []]
  const total = { files: 0, bytes: 0 }
  const { names, notes } = await list('-m', '-o', '--exclude-standard')
  for (const name of names) {
    const isNested = name.at(-1) === SLASH
    const path = isNested ? name.subarray(0, -1) : name
    if (unseen.isReplacedBy(path)) {
      notes.push(note('file-not-taken', path, OVER_HIDDEN))
      continue
    }
    if (isNested) {
      nested.push(path)
      continue
    }
    const seen = await look(path)
    if (unseen.has(path) && (typeof seen === 'string' || seen.isDirectory())) continue
    if (seen === 'unreadable') notes.push(unreadable(path))
    else if (seen === 'missing') removed.push(path)
    else if (seen.isDirectory()) folders.push(path)
    else if (!seen.isFile() && !seen.isSymbolicLink()) removed.push(path)
    else {
      put.push(path)
      total.bytes += seen.size
    }
    total.files += 1
    checkLimits(total, limits)
  }
  // Each folder is at the path of an index entry. It is a submodule, or the agent replaced a file
  // with it.
  const submodules = folders.length === 0 ? new Set() : submodulesIn((await list('-s')).names)
  for (const path of folders) {
    if (submodules.has(path.toString('latin1'))) {
      notes.push(note('submodule-kept', path, 'is a submodule; changes inside it are ignored'))
    } else {
      removed.push(path)
    }
  }
  return { put, removed, nested, notes, ...total }
}

const OVER_HIDDEN = 'was ignored because it would replace files that the sparse checkout left out'

const lister =
  ({ settings, gitDir, tree }: Workspace, indexFile: string, signal: AbortSignal) =>
  async (...options: readonly string[]) => {
    const call = { args: ['ls-files', '-z', ...options], gitDir, indexFile, workTree: tree }
    const end = await git(settings, call, signal)
    if (end.code !== 0) throw localFailure(call, end)
    const denied = end.stderr.matchAll(/^warning: could not open directory '(.*)':/gm)
    const notes = Array.from(denied, ([, folder = '']) => unreadable(Buffer.from(folder)))
    return { names: splitNul(end.stdout), notes }
  }

/** @param entries the output of `git ls-files -s`: `mode object stage<TAB>path` */
function submodulesIn(entries: Iterable<Buffer>): ReadonlySet<string> {
  const paths = new Set<string>()
  for (const entry of entries) {
    const text = entry.toString('latin1')
    if (text.startsWith('160000 ')) paths.add(text.slice(text.indexOf('\t') + 1))
  }
  return paths
}

const note = (code: string, path: Buffer, text: string): Note => ({
  code,
  text: `${show(path)} ${text}`,
})
