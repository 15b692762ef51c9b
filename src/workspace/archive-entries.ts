// Reads an archive as the commands by which git makes a commit of it. Nothing is unpacked here: git
// writes the files later, as those of any other commit.
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
  /** Notes what is in it. */
  readonly names: ArchiveNames
}

/**
 * The input of `git fast-import` for a commit on a branch that holds all files and links of an
 * archive. The same archive gives the same commit. Throws StepFailed `archive-invalid`.
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
  // The parser calls back while it is written to, so each piece of input gives its pieces of output.
  for await (const bytes of tarBytes(archive)) {
    parser.write(bytes)
    yield* reading.out.splice(0)
  }
  parser.end()
  yield* reading.out.splice(0)
  yield 'done\n'
}

/** The parser must unpack nothing. Its gzip cannot be turned off; a ratio of 0 refuses what it unpacks. */
const PLAIN = { strict: true, brotli: false, zstd: false, maxDecompressionRatio: 0 }

/** Of a commit that git makes only once it has read `done`. */
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
/** One for all, 2000-01-01: equal archives are equal commits. */
export const COMMIT_TIME = '946684800 +0000'

/** The archive without its compression, and never more of it than the limits allow. */
async function* tarBytes({ file, limits }: Archive): AsyncGenerator<Buffer> {
  const max = limits.bytes + limits.entries * OVERHEAD_BYTES
  let [total, begin] = [0, Buffer.alloc(0)]
  try {
    for await (const bytes of await openTar(file)) {
      // Gzip shows in two bytes, and the first piece may be one; the parser, too, waits for more.
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

/** Headers, long names and padding of one entry. */
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
