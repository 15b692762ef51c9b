// Names in an archive: what a tree of any system can hold, and nothing that leads out of it.
import { StepFailed } from '../domain/stop.ts'

/** How much an archive may hold. */
export type ArchiveLimits = {
  /** Files, links and folders together. */
  readonly entries: number
  /** Of all files, unpacked. */
  readonly bytes: number
  /** Of all paths, folders included, which stay in memory. */
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

/** The names of one archive, each of which is noted once. */
export type ArchiveNames = {
  /**
   * Notes an entry; a link counts as a file. Throws StepFailed `archive-invalid`.
   * @returns its path without dots and slashes too many; empty for the root itself
   */
  add(name: string, kind: Kind): string
  /** Folders that hold nothing. */
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
      if (seen.size === entries) throw invalid(`it holds more than ${entries} entries`)
      if (bytes > nameBytes) throw invalid(`its names hold more than ${nameBytes} bytes`)
      seen.set(key, { path: key === path ? key : path, kind, isFilled })
    } else if (before.path !== path) {
      throw refused(name, `differs from ${JSON.stringify(before.path)} in spelling alone`)
    } else if (before.kind !== kind) {
      throw refused(name, 'needs a folder where there is a file or link')
    } else if (kind === 'file') {
      throw refused(name, 'is there twice')
    } else if (isFilled) {
      before.isFilled = true
    }
  }
  return {
    add: (name, kind) => {
      const parts = partsOf(name)
      if (parts.length === 0 && kind === 'file') throw refused(name, 'has no name')
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

/** A copy: a slice would keep the string that it was cut from in memory, a header of up to 1 MiB. */
const ownPath = (parts: readonly string[]): string => Buffer.from(parts.join('/')).toString()

/** Windows takes a backslash for a slash; bytes that are no UTF-8 have been read as U+FFFD. */
const ODD = /[\p{Cc}\\\uFFFD]/u
const HOLDS_ODD = 'holds a backslash, a control character or bytes that are no UTF-8'

/** The parts of a path that lies inside. Throws StepFailed `archive-invalid`. */
export function partsOf(name: string): readonly string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (name.startsWith('/')) throw refused(name, 'is absolute')
  if (parts.includes('..')) throw refused(name, 'leads out of the archive')
  if (ODD.test(name)) throw refused(name, HOLDS_ODD)
  if (Buffer.byteLength(name) > PATH_BYTES_MAX || parts.length > DEPTH_MAX) {
    throw refused(
      name,
      `is longer than ${PATH_BYTES_MAX} bytes or deeper than ${DEPTH_MAX} folders`,
    )
  }
  if (parts.some((part) => Buffer.byteLength(part) > NAME_BYTES_MAX)) {
    throw refused(name, `holds a name of more than ${NAME_BYTES_MAX} bytes`)
  }
  return parts
}

/**
 * Refuses a link that leads out of the archive. It may go up only at its beginning, where its own
 * folders are: behind another link, up is somewhere else. Throws StepFailed `archive-invalid`.
 * @param path of the link, as `add` answers it
 */
export function checkLink(path: string, target: string): void {
  const to = `is a link to ${JSON.stringify(target.slice(0, 200))}`
  const steps = target.split('/').filter((step) => step !== '' && step !== '.')
  const down = steps.findIndex((step) => step !== '..')
  const ups = down === -1 ? steps.length : down
  const isOut = target.startsWith('/') || ups > path.split('/').length - 1
  if (target === '' || isOut) throw refused(path, `${to}, which leads out of the archive`)
  if (steps.lastIndexOf('..') >= ups) throw refused(path, `${to}, which goes up on its way`)
  if (ODD.test(target)) throw refused(path, `${to}, which ${HOLDS_ODD}`)
  if (Buffer.byteLength(target) > PATH_BYTES_MAX)
    throw refused(path, 'is a link to a name too long')
}

export const invalid = (why: string): StepFailed =>
  new StepFailed('archive-invalid', `the archive cannot be used: ${why}`)

export const refused = (name: string, why: string): StepFailed =>
  invalid(`${JSON.stringify(name.slice(0, 200))} ${why}`)
