import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdtemp, open, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { chunks } from '../platform/chunks.ts'
import { hasErrno } from '../platform/errno.ts'
import { removeTree } from '../platform/remove-tree.ts'
import { mustGit } from './git.ts'
import { lfsRestore } from './lfs.ts'
import { inside } from './paths.ts'
import type { Workspace } from './workspace.ts'

/** A file or link that git reports as modified; `bytes` is its size. */
export type FoundFile = { readonly path: Buffer; readonly bytes: number }

/** Number of files per batch. Limits the disk space that copies of these files need. */
const FILES_AT_ONCE = 2000
/** Number of files that are compared in parallel. */
const COMPARED_AT_ONCE = 32

/**
 * Selects the files that differ from what the checkout wrote. Git's own answer does not suffice: it
 * compares the result of its filters, so it reports an untouched file as modified if storing the
 * file again would convert its line endings, encoding, keywords or LFS contents. Therefore, checks
 * each file out again with the attributes of the first checkout, and compares bytes, type and
 * executable bit. Uses neither the attributes in the tree nor the timestamps of its files, because
 * the agent can change both.
 */
export async function touchedFiles(
  workspace: Workspace,
  files: readonly FoundFile[],
  signal: AbortSignal,
): Promise<readonly FoundFile[]> {
  const touched: FoundFile[] = []
  const tree = Buffer.from(workspace.tree)
  for (const some of chunks(files, FILES_AT_ONCE)) {
    const copy = await mkdtemp(join(workspace.gitDir, 'written-'))
    try {
      await writeAgain(workspace, { files: some, copy }, signal)
      for (const few of chunks(some, COMPARED_AT_ONCE)) {
        signal.throwIfAborted()
        const same = await Promise.all(
          few.map(({ path }) => isSame(inside(tree, path), inside(Buffer.from(copy), path))),
        )
        touched.push(...few.filter((_, index) => same[index] === false))
      }
    } finally {
      await removeTree(copy)
    }
  }
  return touched
}

/**
 * Checks files out of the workspace's own index into an empty folder. Because the folder contains
 * no .gitattributes, git takes the attributes from the index, as it did at the checkout.
 */
async function writeAgain(
  { settings, gitDir, options, repository }: Workspace,
  { files, copy }: { readonly files: readonly FoundFile[]; readonly copy: string },
  signal: AbortSignal,
): Promise<void> {
  const mayHoldLfs = options.lfs && repository !== null
  const lfs = mayHoldLfs ? await lfsRestore(repository, { settings, gitDir }) : {}
  const stdin = Buffer.concat(files.flatMap(({ path }) => [path, NUL]))
  const args = ['checkout-index', '--force', '--quiet', '-z', '--stdin']
  await mustGit(settings, { args, gitDir, workTree: copy, stdin, ...lfs }, signal)
}

const NUL = Buffer.from([0])

/**
 * Whether two files are the same. False if either is missing, for example because a leftover
 * process removed it.
 */
async function isSame(file: Buffer, written: Buffer): Promise<boolean> {
  try {
    return await compare(file, written)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

async function compare(file: Buffer, written: Buffer): Promise<boolean> {
  const [now, then] = await Promise.all([lstat(file), lstat(written)])
  if (now.isSymbolicLink() && then.isSymbolicLink()) {
    const [to, toThen] = await Promise.all([file, written].map((link) => readlink(link, 'buffer')))
    return to !== undefined && toThen !== undefined && to.equals(toThen)
  }
  if (!now.isFile() || !then.isFile() || now.size !== then.size) return false
  return (now.mode & 0o100) === (then.mode & 0o100) && (await hasSameBytes(file, written))
}

const PIECE_BYTES = 64 * 1024

async function hasSameBytes(one: Buffer, other: Buffer): Promise<boolean> {
  const [a, b] = [await openFile(one), await openFile(other)]
  try {
    for (let at = 0; ;) {
      const [left, right] = await Promise.all([read(a, at), read(b, at)])
      if (!left.equals(right)) return false
      if (left.length === 0) return true
      at += left.length
    }
  } finally {
    await Promise.all([a.close(), b.close()])
  }
}

const openFile = (path: Buffer): Promise<FileHandle> =>
  open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))

async function read(file: FileHandle, at: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES)
  const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, at)
  return buffer.subarray(0, bytesRead)
}
