// Converts archive entries to `git fast-import` commands. File contents are streamed; only paths
// and sizes stay in memory.
import type { ReadEntry } from 'tar/read-entry'
import {
  type ArchiveLimits,
  type ArchiveNames,
  checkLink,
  partsOf,
  refused,
} from './archive-names.ts'
import { quote } from './paths.ts'

/** The state of the conversion of one archive. */
export type Reading = {
  readonly limits: ArchiveLimits
  readonly names: ArchiveNames
  /** Total size of the files read so far, in bytes. */
  bytes: number
  /** Commands and file contents that have not been passed to git yet. */
  readonly out: (string | Buffer)[]
  /** Size of each file read so far, by path. A hard link's size is looked up here. */
  readonly sizes: Map<string, number>
}

/** Appends an entry's commands to `reading.out`. Throws StepFailed `archive-invalid`. */
export function addEntry(reading: Reading, entry: ReadEntry): void {
  const add = ADD.get(entry.type)
  if (add === undefined) refuseType(entry)
  else add(reading, entry)
}

export function refuseType({ path, type }: ReadEntry): void {
  throw refused(path, `has type ${type}; only files, folders and links are allowed`)
}

const ADD = new Map<ReadEntry['type'], (reading: Reading, entry: ReadEntry) => void>([
  ['File', addFile],
  ['OldFile', addFile],
  ['ContiguousFile', addFile],
  ['SymbolicLink', addLink],
  ['Link', addHardLink],
  ['Directory', addFolder],
])

function addFile(reading: Reading, entry: ReadEntry): void {
  const path = reading.names.add(entry.path, 'file')
  const size = entry.remain
  count(reading, entry.path, size)
  const mode = ((entry.mode ?? 0) & 0o100) === 0 ? '100644' : '100755'
  put(reading, { mode, path, size })
  reading.sizes.set(path, size)
  let left = size
  entry.on('data', (data: Buffer) => {
    left -= data.length
    reading.out.push(data)
  })
  entry.on('end', () => {
    // If the entry were longer than its header states, git would read the rest as commands.
    if (left !== 0) throw refused(entry.path, 'is longer or shorter than its header states')
    reading.out.push('\n')
  })
}

function addLink(reading: Reading, entry: ReadEntry): void {
  const target = entry.linkpath ?? ''
  const path = reading.names.add(entry.path, 'file')
  checkLink(path, target)
  put(reading, { mode: '120000', path, size: Buffer.byteLength(target) })
  reading.out.push(`${target}\n`)
  entry.resume()
}

/** Imports a hard link as a separate file. Its size counts again toward the limit. */
function addHardLink(reading: Reading, entry: ReadEntry): void {
  const target = entry.linkpath ?? ''
  const linked = partsOf(target).join('/')
  const size = reading.sizes.get(linked)
  if (size === undefined) {
    const why = `is a hard link to ${JSON.stringify(target)}, which is not an earlier file in the archive`
    throw refused(entry.path, why)
  }
  count(reading, entry.path, size)
  const path = reading.names.add(entry.path, 'file')
  reading.out.push(`C ${quoted(linked)} ${quoted(path)}\n`)
  entry.resume()
}

function addFolder({ names }: Reading, entry: ReadEntry): void {
  names.add(entry.path, 'folder')
  entry.resume()
}

function count(reading: Reading, name: string, size: number): void {
  reading.bytes += size
  const { bytes } = reading.limits
  if (reading.bytes > bytes)
    throw refused(name, `makes the unpacked archive larger than ${bytes} bytes`)
}

type Put = { readonly mode: string; readonly path: string; readonly size: number }

/**
 * Appends the command that creates a file or link. The caller must then append the file's contents
 * or the link's target, followed by a line break.
 */
function put({ out }: Reading, { mode, path, size }: Put): void {
  out.push(`M ${mode} inline ${quoted(path)}\ndata ${size}\n`)
}

const quoted = (path: string): string => quote(Buffer.from(path))
