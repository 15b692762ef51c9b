// Converts an archive to commands from which git makes a commit. Writes no file: git writes them
// when the commit is checked out.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Parser } from 'tar/parse'
import type { ReadEntry } from 'tar/read-entry'
import { addEntry, refuseType, type Reading } from './archive-blobs.ts'
import { type ArchiveLimits, type ArchiveNames, invalid } from './archive-names.ts'

export type Archive = {
  /** A tar archive, gzipped or not. */
  readonly file: string
  readonly limits: ArchiveLimits
  /** Collects the names of its entries. */
  readonly names: ArchiveNames
}

/**
 * The input of `git fast-import` that makes, on `branch`, a commit of all files and links of an
 * archive. The same archive always gives the same commit. Throws StepFailed `archive-invalid`.
 */
export async function* importCommands(
  archive: Archive,
  branch: string,
): AsyncGenerator<string | Buffer> {
  const { limits, names } = archive
  const reading: Reading = { limits, names, bytes: 0, out: [], sizes: new Map() }
  const parser = new Parser(PLAIN)
  parser.on('entry', (entry: ReadEntry) => addEntry(reading, entry))
  parser.on('ignoredEntry', refuseType)
  parser.on('error', (error: Error) => {
    throw invalid(error.message)
  })
  yield headOf(branch)
  // The parser calls back synchronously during `write`, so `out` is complete after each chunk.
  for await (const bytes of tarBytes(archive)) {
    parser.write(bytes)
    yield* reading.out.splice(0)
  }
  parser.end()
  yield* reading.out.splice(0)
  yield 'done\n'
}

/** Disables decompression in the parser: gzip has no switch, but a ratio of 0 rejects it. */
const PLAIN = { strict: true, brotli: false, zstd: false, maxDecompressionRatio: 0 }

/** The start of a commit. Git needs `done` at the end, so a truncated stream makes no commit. */
const headOf = (branch: string): string =>
  [
    'feature done',
    `commit refs/heads/${branch}`,
    `committer ${COMMITTER} ${COMMIT_TIME}`,
    `data ${Buffer.byteLength(MESSAGE)}`,
    MESSAGE,
  ].join('\n')

const MESSAGE = 'The files of the archive\n'
const COMMITTER = 'Millwright <millwright@localhost>'
/** A fixed time, 2000-01-01, so that equal archives give equal commits. */
export const COMMIT_TIME = '946684800 +0000'

/** The decompressed archive. Throws StepFailed `archive-invalid` when it exceeds the limits. */
async function* tarBytes({ file, limits }: Archive): AsyncGenerator<Buffer> {
  const max = limits.bytes + limits.entries * OVERHEAD_BYTES
  let [total, begin] = [0, Buffer.alloc(0)]
  try {
    for await (const bytes of await openTar(file)) {
      // The gzip signature has two bytes, and the first chunk may hold only one.
      if (begin.length < 2) begin = Buffer.concat([begin, bytes.subarray(0, 2)])
      if (isGzip(begin)) throw invalid('it is compressed twice')
      total += bytes.length
      if (total > max) throw invalid(`it unpacks to more than ${max} bytes`)
      yield bytes
    }
  } catch (error) {
    if (isZlibError(error)) throw invalid(`it is damaged: ${error.message}`)
    throw error
  }
}

/** Allowance for the headers, long names and padding of one entry. */
const OVERHEAD_BYTES = 4096

async function openTar(file: string): Promise<AsyncIterable<Buffer>> {
  await using handle = await open(file)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
  const bytes = createReadStream(file)
  if (!isGzip(buffer.subarray(0, bytesRead))) return bytes
  return pipeline(bytes, createGunzip(), () => {})
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

const isZlibError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
