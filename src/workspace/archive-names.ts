// Checks the names in an archive. They must be valid on every operating system and must not point
// outside the archive.
import { StepFailed } from '../domain/stop.ts'

/** Limits on the contents of an archive. */
export type ArchiveLimits = {
  /** Maximum number of files, links and folders, counted together. */
  readonly entries: number
  /** Maximum total size of the unpacked files. */
  readonly bytes: number
  /**
   * Maximum total length of all file and folder paths, in bytes of UTF-8. Limited because the paths
   * stay in memory.
   */
  readonly nameBytes: number
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 100_000,
  bytes: 2 * 1024 ** 3,
  nameBytes: 16 * 1024 ** 2,
}

const PATH_BYTES_MAX = 1024
const NAME_BYTES_MAX = 255
const DEPTH_MAX = 64

type Kind = 'file' | 'folder'

/** Collects and checks the entry names of one archive. */
export type ArchiveNames = {
  /**
   * Checks and records an entry's name; a link counts as a file. Throws StepFailed
   * `archive-invalid` for an unsafe name and for one that conflicts with an earlier entry.
   * @returns the path without `.` parts and redundant slashes; empty for the archive's root folder
   */
  add(name: string, kind: Kind): string
  emptyFolders(): readonly string[]
}

type Noted = { readonly path: string; readonly kind: Kind; isFilled: boolean }

export function archiveNames({ entries, nameBytes }: ArchiveLimits): ArchiveNames {
  const seen = new Map<string, Noted>()
  let bytes = 0
  const note = (name: string, path: string, { kind, isFilled }: Omit<Noted, 'path'>): void => {
    const key = path.normalize('NFC').toLowerCase()
    const before = seen.get(key)
    if (before === undefined) {
      bytes += Buffer.byteLength(path)
      if (seen.size === entries) throw invalid(`it contains more than ${entries} entries`)
      if (bytes > nameBytes)
        throw invalid(`the names of its entries exceed ${nameBytes} bytes in total`)
      seen.set(key, { path: key === path ? key : path, kind, isFilled })
    } else if (before.path !== path) {
      const other = JSON.stringify(before.path)
      throw refused(name, `differs from ${other} only in letter case or Unicode normalization`)
    } else if (before.kind !== kind) {
      const what = `${JSON.stringify(path)} is a folder in one entry and a file or link in another`
      throw refused(name, `conflicts with another entry: ${what}`)
    } else if (kind === 'file') {
      throw refused(name, 'appears twice')
    } else if (isFilled) {
      before.isFilled = true
    }
  }
  return {
    add: (name, kind) => {
      const parts = partsOf(name)
      if (parts.length === 0 && kind === 'file') throw refused(name, 'is not a file name')
      for (let end = 1; end < parts.length; end += 1) {
        note(name, ownPath(parts.slice(0, end)), { kind: 'folder', isFilled: true })
      }
      const path = ownPath(parts)
      if (path !== '') note(name, path, { kind, isFilled: false })
      return path
    },
    emptyFolders: () =>
      Array.from(seen.values()).flatMap(({ path, kind, isFilled }) =>
        kind === 'folder' && !isFilled ? [path] : [],
      ),
  }
}

/**
 * Joins the parts and copies the result. Without the copy, the path could be a substring that keeps
 * the whole archive header, up to 1 MiB, in memory.
 */
const ownPath = (parts: readonly string[]): string => Buffer.from(parts.join('/')).toString()

/**
 * A character that no name may contain: a control character, a backslash (Windows treats it as a
 * slash) or U+FFFD (the tar parser returns it for invalid UTF-8).
 */
const UNSAFE_CHARACTER = /[\p{Cc}\\\uFFFD]/u
const HAS_UNSAFE_CHARACTER = 'contains a backslash, a control character or invalid UTF-8'

/**
 * Splits a path into its parts. Throws StepFailed `archive-invalid` if it is unsafe or too long.
 */
export function partsOf(name: string): readonly string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (name.startsWith('/')) throw refused(name, 'is an absolute path')
  if (parts.includes('..')) throw refused(name, 'points outside the archive')
  if (UNSAFE_CHARACTER.test(name)) throw refused(name, HAS_UNSAFE_CHARACTER)
  if (Buffer.byteLength(name) > PATH_BYTES_MAX || parts.length > DEPTH_MAX) {
    throw refused(
      name,
      `is longer than ${PATH_BYTES_MAX} bytes or nested deeper than ${DEPTH_MAX} folders`,
    )
  }
  if (parts.some((part) => Buffer.byteLength(part) > NAME_BYTES_MAX)) {
    throw refused(name, `contains a name longer than ${NAME_BYTES_MAX} bytes`)
  }
  return parts
}

/**
 * Throws StepFailed `archive-invalid` for a symbolic link that could point outside the archive, or
 * whose target is unsafe or too long. The target may contain `..` at the start only, as in `../a`.
 * In `a/../b`, `a` could itself be a link, so `..` could lead to an arbitrary folder.
 * @param path the link's path, as returned by `add`
 */
export function checkLink(path: string, target: string): void {
  const to = `is a link to ${JSON.stringify(target.slice(0, 200))}`
  const steps = target.split('/').filter((step) => step !== '' && step !== '.')
  const down = steps.findIndex((step) => step !== '..')
  const ups = down === -1 ? steps.length : down
  const isOut = target.startsWith('/') || ups > path.split('/').length - 1
  if (target === '' || isOut) throw refused(path, `${to}, which points outside the archive`)
  if (steps.lastIndexOf('..') >= ups)
    throw refused(path, `${to}, which has ".." after a folder name`)
  if (UNSAFE_CHARACTER.test(target)) throw refused(path, `${to}, which ${HAS_UNSAFE_CHARACTER}`)
  if (Buffer.byteLength(target) > PATH_BYTES_MAX) {
    throw refused(path, `is a link to a path longer than ${PATH_BYTES_MAX} bytes`)
  }
}

export const invalid = (why: string): StepFailed =>
  new StepFailed('archive-invalid', `the archive cannot be used: ${why}`)

export const refused = (name: string, why: string): StepFailed =>
  invalid(`${JSON.stringify(name.slice(0, 200))} ${why}`)
