// Entries of an archive as blobs for `git fast-import`, and as the lines of a commit that puts each in
// its place.
import type { ReadEntry } from 'tar/read-entry'
import {
  type ArchiveLimits,
  type ArchiveNames,
  checkLink,
  partsOf,
  refused,
} from './archive-names.ts'
import { quote } from './paths.ts'

/** How far an archive has been read. */
export type Reading = {
  readonly limits: ArchiveLimits
  readonly names: ArchiveNames
  /** Bytes of all files so far. */
  bytes: number
  /** Blobs to be handed on. */
  readonly out: (string | Buffer)[]
  /** A line for each file and link. */
  readonly lines: string[]
  /** The files so far, by path, for hard links to them. */
  readonly blobs: Map<string, { readonly blob: string; readonly size: number }>
}

/** Throws StepFailed `archive-invalid`. */
export function addEntry(reading: Reading, entry: ReadEntry): void {
  const add = ADD.get(entry.type)
  if (add === undefined) refuseType(entry)
  else add(reading, entry)
}

export function refuseType({ path, type }: ReadEntry): void {
  throw refused(path, `has type ${type}: only files, folders and links can be taken`)
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
  const blob = `${mode} ${beginBlob(reading, size)}`
  put(reading, path, blob)
  reading.blobs.set(path, { blob, size })
  let left = size
  entry.on('data', (data: Buffer) => {
    left -= data.length
    reading.out.push(data)
  })
  entry.on('end', () => {
    // Git would read surplus bytes as commands.
    if (left !== 0) throw refused(entry.path, 'is not as long as it says')
    reading.out.push('\n')
  })
}

function addLink(reading: Reading, entry: ReadEntry): void {
  const target = entry.linkpath ?? ''
  const path = reading.names.add(entry.path, 'file')
  checkLink(path, target)
  const blob = `120000 ${beginBlob(reading, Buffer.byteLength(target))}`
  reading.out.push(`${target}\n`)
  put(reading, path, blob)
  entry.resume()
}

/** A hard link becomes a file of its own, whose bytes count again. */
function addHardLink(reading: Reading, entry: ReadEntry): void {
  const target = entry.linkpath ?? ''
  const linked = reading.blobs.get(partsOf(target).join('/'))
  if (linked === undefined) {
    throw refused(entry.path, `is a hard link to ${JSON.stringify(target)}, no file before it`)
  }
  count(reading, entry.path, linked.size)
  put(reading, reading.names.add(entry.path, 'file'), linked.blob)
  entry.resume()
}

function addFolder({ names }: Reading, entry: ReadEntry): void {
  names.add(entry.path, 'folder')
  entry.resume()
}

function count(reading: Reading, name: string, size: number): void {
  reading.bytes += size
  const { bytes } = reading.limits
  if (reading.bytes > bytes) throw refused(name, `makes it more than ${bytes} bytes`)
}

function put({ lines }: Reading, path: string, blob: string): void {
  lines.push(`M ${blob} ${quote(Buffer.from(path))}\n`)
}

/** @returns the mark of a blob whose bytes and line break come next */
function beginBlob({ lines, out }: Reading, size: number): string {
  const mark = `:${lines.length + 1}`
  out.push(`blob\nmark ${mark}\ndata ${size}\n`)
  return mark
}
