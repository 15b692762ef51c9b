import { constants, type Dirent, type Stats } from 'node:fs'
import { access, lstat, readdir } from 'node:fs/promises'
import { hasErrno } from '../platform/errno.ts'
import type { ChangeLimits } from './change.ts'
import { inside, show, SLASH } from './paths.ts'
import type { Note } from './workspace.ts'

/** Metadata of what exists at a path; `unreadable` if it exists but cannot be read. */
type Seen = Stats | 'missing' | 'unreadable'

/** The note for a path that the change leaves out, so that the path keeps its earlier state. */
export const notTaken = (path: Buffer, why: string): Note => ({
  code: 'file-not-taken',
  text: `${show(path)} ${why}`,
})

export const unreadable = (path: Buffer): Note =>
  notTaken(path, 'cannot be read, so changes to it are ignored')

export const tooLarge = (path: Buffer, { bytes }: ChangeLimits): Note =>
  notTaken(path, `was left out, because it is larger than ${bytes} bytes`)

/** The end of a note about a pipe, socket or device. */
export const SPECIAL = 'is neither a file nor a link, so it was left out'

/** Whether the entry is a pipe, socket or device. Git does not store these. */
export const isSpecial = (seen: Stats | Dirent): boolean =>
  !seen.isFile() && !seen.isSymbolicLink() && !seen.isDirectory()

/** Finds out what exists at a path. Does not follow a symbolic link at the path. */
export async function lookAt(path: Buffer): Promise<Seen> {
  try {
    const info = await lstat(path)
    if (info.isFile()) await access(path, constants.R_OK)
    return info
  } catch (error) {
    return stateFrom(error)
  }
}

/**
 * Returns a function that finds out what exists at a path in the tree, without following links: a
 * path below a symbolic link is `missing`, and a path in a folder that cannot be entered is
 * `unreadable`.
 */
export function lookInside(tree: Buffer): (path: Buffer) => Promise<Seen> {
  type Parent = 'folder' | 'missing' | 'unreadable'
  const folders = new Map<string, Parent>()
  const parentOf = async (path: Buffer): Promise<Parent> => {
    const end = path.lastIndexOf(SLASH)
    if (end === -1) return 'folder'
    const folder = path.subarray(0, end)
    const key = folder.toString('latin1')
    const known = folders.get(key)
    if (known !== undefined) return known
    const seen = await look(folder)
    const state = typeof seen === 'string' ? seen : seen.isDirectory() ? 'folder' : 'missing'
    folders.set(key, state)
    return state
  }
  const look = async (path: Buffer): Promise<Seen> => {
    const parent = await parentOf(path)
    return parent === 'folder' ? await lookAt(inside(tree, path)) : parent
  }
  return look
}

export async function namesIn(
  folder: Buffer,
): Promise<readonly Buffer[] | 'missing' | 'unreadable'> {
  try {
    return await readdir(folder, { encoding: 'buffer' })
  } catch (error) {
    return stateFrom(error)
  }
}

function stateFrom(error: unknown): 'missing' | 'unreadable' {
  if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return 'missing'
  if (hasErrno(error, 'EACCES', 'ENAMETOOLONG', 'ELOOP')) return 'unreadable'
  throw error
}
