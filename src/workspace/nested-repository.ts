import { mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChangeLimits, checkLimits } from './change.ts'
import type { Found } from './find-changes.ts'
import { mustGit } from './git.ts'
import { ignoredIn } from './ignored.ts'
import { isSpecial, lookAt, namesIn, notTaken, SPECIAL, tooLarge, unreadable } from './look-at.ts'
import { inside, quote, show, SLASH } from './paths.ts'
import type { Note, Workspace } from './workspace.ts'

/**
 * A file or link in a nested repository: its path in the tree, its mode in git, and the path of the
 * file to read its contents from.
 */
type Item = { readonly path: Buffer; readonly mode: string; readonly source: Buffer }

type Request = {
  readonly indexFile: string
  readonly limits: ChangeLimits
  readonly found: Found
}

/**
 * Lists the files in nested repositories and stores their contents in git. Runs no git command
 * inside those repositories, because their configuration could run programs. The outer work tree's
 * ignore rules apply to these files, too.
 * @returns lines for `update-index --index-info`, and notes for the submitter
 */
export async function nestedEntries(
  workspace: Workspace,
  request: Request,
  signal: AbortSignal,
): Promise<{ readonly entries: Buffer[]; readonly notes: Note[] }> {
  const { nested } = request.found
  if (nested.length === 0) return { entries: [], notes: [] }
  const links = await mkdtemp(join(workspace.gitDir, 'links-'))
  try {
    const { items, notes } = await walk(workspace, { ...request, links }, signal)
    const objects = await writeObjects(workspace, items, signal)
    const entries = items.map(({ path, mode }, index) =>
      Buffer.concat([Buffer.from(`${mode} ${objects[index] ?? ''}\t`), path]),
    )
    return { entries, notes: [...nested.map(noteOf), ...notes] }
  } finally {
    await rm(links, { recursive: true, force: true })
  }
}

const noteOf = (path: Buffer): Note => ({
  code: 'nested-repository',
  text: `${show(path)} is a nested git repository; its files are treated as plain files`,
})

/**
 * Finds the files and links in the nested repositories. Walks level by level and checks each level
 * for ignored paths, so that it enters no ignored folder.
 */
async function walk(
  workspace: Workspace,
  request: Request & { readonly links: string },
  signal: AbortSignal,
): Promise<{ readonly items: Item[]; readonly notes: Note[] }> {
  const { found, limits, links, indexFile } = request
  const tree = Buffer.from(workspace.tree)
  const items: Item[] = []
  const notes: Note[] = []
  const total = { files: found.files, bytes: found.bytes }
  let level = [...found.nested]
  while (level.length > 0) {
    signal.throwIfAborted()
    const lists = await Promise.all(level.map((folder) => list(tree, folder)))
    notes.push(...level.filter((_, index) => lists[index] === 'unreadable').map(unreadable))
    const children = lists.flatMap((names) => (typeof names === 'string' ? [] : names))
    const skip = await ignoredIn(workspace, indexFile, children, signal)
    level = []
    for (const path of children) {
      if (skip.has(path.toString('latin1'))) continue
      const source = inside(tree, path)
      const info = await lookAt(source)
      if (info === 'unreadable') notes.push(unreadable(path))
      if (typeof info === 'string') continue
      if (info.isDirectory()) {
        level.push(path)
        continue
      }
      if (isSpecial(info)) notes.push(notTaken(path, SPECIAL))
      else if (info.size > limits.bytes) notes.push(tooLarge(path, limits))
      if (isSpecial(info) || info.size > limits.bytes) continue
      total.files += 1
      total.bytes += info.size
      checkLimits(total, limits)
      if (info.isFile()) {
        items.push({ path, mode: (info.mode & 0o100) === 0 ? '100644' : '100755', source })
        continue
      }
      const target = join(links, String(items.length))
      await writeFile(target, await readlink(source, { encoding: 'buffer' }))
      items.push({ path, mode: '120000', source: Buffer.from(target) })
    }
  }
  return { items, notes }
}

/** Lists a folder's entries as paths in the tree. Leaves out `.git`, whatever its letter case. */
async function list(tree: Buffer, folder: Buffer): Promise<Buffer[] | 'missing' | 'unreadable'> {
  const names = await namesIn(inside(tree, folder))
  if (typeof names === 'string') return names
  return names
    .filter((name) => name.toString('latin1').toLowerCase() !== '.git')
    .map((name) => Buffer.concat([folder, Buffer.from([SLASH]), name]))
}

async function writeObjects(
  { settings, gitDir, tree }: Workspace,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<string[]> {
  if (items.length === 0) return []
  const call = {
    args: ['hash-object', '-w', '--no-filters', '--stdin-paths'],
    gitDir,
    workTree: tree,
    stdin: items.map(({ source }) => `${quote(source)}\n`).join(''),
  }
  return (await mustGit(settings, call, signal)).toString('latin1').trim().split('\n')
}
