import { opendir } from 'node:fs/promises'
import { ignoredIn } from './ignored.ts'
import { isSpecial } from './look-at.ts'
import { inside, SLASH } from './paths.ts'
import type { Workspace } from './workspace.ts'

/**
 * Maximum number of folders to search. Git never stores a special file, so a special file that the
 * search misses lacks a note but does no other harm.
 */
const FOLDERS_MAX = 20_000
/** Number of special files after which the search ends. An agent can make millions of them. */
const SPECIAL_MAX = 500
/** Number of folders that are read in parallel. */
const FOLDERS_AT_ONCE = 64

/**
 * Finds at most `SPECIAL_MAX` pipes, sockets and devices, which git does not store. Leaves out
 * those that .gitignore matches. Does not enter nested repositories or follow links.
 */
export async function specialFiles(
  workspace: Workspace,
  indexFile: string,
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  const tree = Buffer.from(workspace.tree)
  const special: Buffer[] = []
  const folders: Buffer[] = [Buffer.alloc(0)]
  const read = async (folder: Buffer): Promise<void> => {
    const isTop = folder.length === 0
    const found = await look(isTop ? tree : inside(tree, folder), signal)
    if (found.isRepository && !isTop) return
    const full = (name: Buffer) =>
      isTop ? name : Buffer.concat([folder, Buffer.from([SLASH]), name])
    folders.push(...found.folders.slice(0, FOLDERS_MAX - folders.length).map(full))
    special.push(...found.special.map(full))
  }
  for (let at = 0; at < folders.length && special.length < SPECIAL_MAX;) {
    signal.throwIfAborted()
    const some = folders.slice(at, at + FOLDERS_AT_ONCE)
    at += some.length
    await Promise.all(some.map(read))
  }
  const some = special.slice(0, SPECIAL_MAX)
  const ignored = await ignoredIn(workspace, indexFile, some, signal)
  return some.filter((path) => !ignored.has(path.toString('latin1')))
}

type Looked = {
  readonly folders: Buffer[]
  readonly special: Buffer[]
  /** Whether the folder contains `.git`, in any letter case. */
  isRepository: boolean
}

/**
 * Reads one folder entry by entry, so that the number of entries does not matter. Finds nothing in
 * a folder that cannot be read.
 */
async function look(path: Buffer, signal: AbortSignal): Promise<Looked> {
  const looked: Looked = { folders: [], special: [], isRepository: false }
  try {
    // In latin1, each byte of a name is one character.
    for await (const entry of await opendir(path, { encoding: 'latin1', bufferSize: 256 })) {
      if (signal.aborted) break
      const name = Buffer.from(entry.name, 'latin1')
      if (entry.name.toLowerCase() === '.git') looked.isRepository = true
      else if (entry.isDirectory()) addUpTo(FOLDERS_MAX, looked.folders, name)
      else if (isSpecial(entry)) addUpTo(SPECIAL_MAX, looked.special, name)
    }
  } catch {
    // The folder cannot be read, so its special files get no notes.
  }
  return looked
}

function addUpTo(max: number, list: Buffer[], name: Buffer): void {
  if (list.length < max) list.push(name)
}
