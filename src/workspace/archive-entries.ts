// Converts an archive to `git fast-import` commands that create one commit. Unpacks no files: git
// writes them when it checks out the commit.
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Parser } from 'tar/parse'
import type { ReadEntry } from 'tar/read-entry'
import { addEntry, refuseType, type Reading } from './archive-blobs.ts'
import { type ArchiveLimits, type ArchiveNames, invalid } from './archive-names.ts'

export type Archive = {
  /** Path of a tar archive, gzipped or uncompressed. */
  readonly file: string
  readonly limits: ArchiveLimits
  /** Checks and records the names of the archive's entries. */
  readonly names: ArchiveNames
}

/**
 * Yields input for `git fast-import` that commits all files and links of an archive to `branch`.
 * The same archive always gives the same commit. Throws StepFailed `archive-invalid`.
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
  // `write` runs the parser's callbacks synchronously, so `out` is complete after each chunk.
  for await (const bytes of tarBytes(archive)) {
    parser.write(bytes)
    yield* reading.out.splice(0)
  }
  parser.end()
  yield* reading.out.splice(0)
  yield 'done\n'
}

/**
 * Disables decompression in the parser, because `tarBytes` decompresses. The parser has no option
 * to disable gzip, but a ratio limit of 0 makes it reject gzip data.
 */
const PLAIN = { strict: true, brotli: false, zstd: false, maxDecompressionRatio: 0 }

/**
 * The start of the input of `git fast-import`. `feature done` makes git reject input that does not
 * end in `done`.
 */
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
/** A fixed time (2000-01-01 UTC), so that equal archives give equal commits. */
export const COMMIT_TIME = '946684800 +0000'

/**
 * Yields the decompressed archive. Throws StepFailed `archive-invalid` if it is damaged or too
 * large.
 */
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

/** Bytes allowed for one entry's headers, long names and padding, in addition to its contents. */
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
