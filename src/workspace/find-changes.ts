import { allEnded } from '../platform/all-ended.ts'
import { type ChangeLimits, checkLimits } from './change.ts'
import { git, localFailure } from './git.ts'
import { isSpecial, lookInside, notTaken, SPECIAL, tooLarge, unreadable } from './look-at.ts'
import { SLASH, splitNul } from './paths.ts'
import { specialFiles } from './special-files.ts'
import { type FoundFile, touchedFiles } from './touched-files.ts'
import { unseenIn } from './unseen.ts'
import type { Note, Workspace } from './workspace.ts'

/**
 * Differences between the work tree and the index, grouped by how to process them. Paths are bytes,
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
  const total = { files: 0, bytes: 0 }
  const put: Buffer[] = []
  const add = ({ path, bytes }: FoundFile): void => {
    put.push(path)
    total.files += 1
    total.bytes += bytes
    checkLimits(total, limits)
  }
  const modified: FoundFile[] = []
  const [removed, nested, folders]: [Buffer[], Buffer[], Buffer[]] = [[], [], []]
  const [{ names, notes }, special] = await allEnded([
    list('-t', '-m', '-o', '--exclude-standard'),
    specialFiles(workspace, indexFile, signal),
  ])
  notes.push(...special.map((path) => notTaken(path, SPECIAL)))
  for (const entry of names) {
    const name = entry.subarray(TAG_LENGTH)
    const isNested = name.at(-1) === SLASH
    const path = isNested ? name.subarray(0, -1) : name
    if (unseen.isReplacedBy(path)) {
      notes.push(notTaken(path, OVER_HIDDEN))
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
    else if (!isSpecial(seen)) {
      if (seen.size > limits.bytes) notes.push(tooLarge(path, limits))
      else if (unseen.has(path) || entry[0] === UNTRACKED) add({ path, bytes: seen.size })
      else modified.push({ path, bytes: seen.size })
    }
  }
  // Each of these folders is at the path of an index entry. The entry is either a submodule or a
  // file that the agent replaced with the folder.
  const submodules = folders.length === 0 ? new Set() : submodulesIn((await list('-s')).names)
  for (const path of folders) {
    if (submodules.has(path.toString('latin1'))) {
      notes.push({ ...notTaken(path, IN_SUBMODULE), code: 'submodule-kept' })
    } else {
      removed.push(path)
    }
  }
  for (const file of await touchedFiles(workspace, modified, signal)) add(file)
  const files = total.files + removed.length
  checkLimits({ ...total, files }, limits)
  return { put, removed, nested, notes, files, bytes: total.bytes }
}

/** `ls-files -t` prints a letter and a space before each path. */
const TAG_LENGTH = 2
const UNTRACKED = '?'.charCodeAt(0)
const IN_SUBMODULE = 'is a submodule; changes inside it are ignored'

const OVER_HIDDEN = 'was ignored because it would replace files that the sparse checkout left out'

const lister =
  ({ settings, gitDir, tree }: Workspace, indexFile: string, signal: AbortSignal) =>
  async (...options: readonly string[]) => {
    const call = { args: ['ls-files', '-z', ...options], gitDir, indexFile, workTree: tree }
    const end = await git(settings, call, signal)
    if (end.code !== 0) throw localFailure(call, end)
    // Git truncates a message with a very long path, so the end of the message is optional.
    const denied = end.stderr.matchAll(/^warning: could not open directory '(.*?)(?:':.*)?$/gm)
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
