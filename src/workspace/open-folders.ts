import { chmod, lstat, readdir } from 'node:fs/promises'
import { StepFailed } from '../domain/stop.ts'
import { removeTree } from '../platform/remove-tree.ts'
import { inside } from './paths.ts'

/**
 * Maximum length of a folder's path. Linux limits a path to 4095 bytes; the difference leaves room
 * for two names that `removeTree` may append.
 */
const PATH_BYTES_MAX = 3500
const ENTRIES_MAX = 1_000_000

/**
 * Gives the owner all permissions on every folder in a tree, and removes folders whose paths are
 * too long for other programs. Does not follow links. Throws StepFailed `workspace-failed` if the
 * tree has more than a million entries, and the signal's reason if it is aborted.
 */
export async function openFolders(root: string, signal: AbortSignal): Promise<void> {
  const folders: Buffer[] = [Buffer.from(root)]
  let left = ENTRIES_MAX
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    const { mode } = await lstat(folder)
    if ((mode & 0o700) !== 0o700) await chmod(folder, mode | 0o700)
    const entries = await readdir(folder, { encoding: 'buffer', withFileTypes: true })
    left -= entries.length
    if (left < 0) {
      const detail = `the work tree contains more than ${ENTRIES_MAX} files and folders`
      throw new StepFailed('workspace-failed', detail)
    }
    for (const entry of entries) {
      const path = inside(folder, entry.name)
      if (!entry.isDirectory()) continue
      if (path.length <= PATH_BYTES_MAX) folders.push(path)
      else await removeTree(path)
    }
  }
}
