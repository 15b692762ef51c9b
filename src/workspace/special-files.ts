import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { ignoredIn } from './ignored.ts'
import { isSpecial } from './look-at.ts'
import { inside, SLASH } from './paths.ts'
import type { Workspace } from './workspace.ts'

/**
 * Maximum number of folders to search. A special file that is missed only lacks its note, because
 * git never stores it.
 */
const FOLDERS_MAX = 20_000
/** Number of folders that are read in parallel. */
const FOLDERS_AT_ONCE = 64

/**
 * Finds pipes, sockets and devices, which git does not store, except those that .gitignore matches.
 * Does not enter nested repositories or follow links.
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
    const path = folder.length === 0 ? tree : inside(tree, folder)
    const entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' }).catch(() => [])
    if (folder.length > 0 && entries.some(isGit)) return
    for (const entry of entries) {
      const name =
        folder.length === 0 ? entry.name : Buffer.concat([folder, Buffer.from([SLASH]), entry.name])
      if (entry.isDirectory()) {
        if (!isGit(entry)) folders.push(name)
      } else if (isSpecial(entry)) special.push(name)
    }
  }
  for (let at = 0; at < Math.min(folders.length, FOLDERS_MAX);) {
    signal.throwIfAborted()
    const some = folders.slice(at, at + FOLDERS_AT_ONCE)
    at += some.length
    await Promise.all(some.map(read))
  }
  const ignored = await ignoredIn(workspace, indexFile, special, signal)
  return special.filter((path) => !ignored.has(path.toString('latin1')))
}

const isGit = ({ name }: Dirent<Buffer>): boolean =>
  name.toString('latin1').toLowerCase() === '.git'
