import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { AppError } from '../domain/errors.ts'
import { noProbe } from '../domain/probe.ts'
import { openBlobFolder } from './blob-folder.ts'
import type { Deletion, Deleted } from './delete-unneeded.ts'
import { checkOnRead } from './check-on-read.ts'
import type { ArtifactStore, ByteRange, StoredArtifact } from './port.ts'
import { openStaging } from './staging.ts'

export type DiskArtifacts = ArtifactStore & {
  /** Removes leftovers of crashed uploads last written before this time (epoch ms); returns how many. */
  sweepTemp(before: number): Promise<number>
  /** Deletes artifacts by digest; keeps one that is stored again in the meantime. */
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

/**
 * Stores artifacts as files `blobs/sha256/<first two digits>/<digest>` of a folder, readable only by
 * its owner. Creates the folder if it is missing.
 */
export async function openDiskArtifacts(folder: string, probe = noProbe): Promise<DiskArtifacts> {
  const blobs = await openBlobFolder(join(folder, 'blobs'))
  const staging = await openStaging(join(folder, 'temp'), { of: 'artifact', probe })

  return {
    put: (bytes, options) => {
      // The loop in `fill` handles errors; an error before or after it must not crash the hub.
      bytes.on('error', () => {})
      return staging.place(
        (file) => fill(file, bytes, options),
        ({ digest }) => blobs.placeOf(digest),
      )
    },
    open: async (digest, range) => {
      const file = await blobs.open(digest)
      if (file === null) throw new AppError('artifact-not-found', `There is no artifact ${digest}.`)
      return read(file, digest, range)
    },
    has: (digest) => blobs.has(digest),
    deleteUnneeded: (deletion) => blobs.deleteUnneeded(deletion),
    sweepTemp: (before) => staging.sweep(before),
  }
}

/**
 * Leaves the source open when it throws, so that the HTTP request can still be answered.
 * Holds one chunk in memory at a time.
 */
async function fill(
  file: FileHandle,
  bytes: Readable,
  options: { readonly expectedDigest: string | null; readonly maxBytes: number },
): Promise<StoredArtifact> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of bytes.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('an artifact is a stream of bytes')
    size += chunk.length
    if (size > options.maxBytes) {
      throw new AppError('body-too-large', `The artifact is larger than ${options.maxBytes} bytes.`)
    }
    hash.update(chunk)
    await file.appendFile(chunk)
  }
  const digest = hash.digest('hex')
  if (options.expectedDigest !== null && options.expectedDigest !== digest) {
    throw new AppError(
      'digest-mismatch',
      `The bytes have SHA-256 ${digest}, not ${options.expectedDigest}.`,
    )
  }
  return { digest, size }
}

async function read(file: FileHandle, digest: string, range?: ByteRange): Promise<Readable> {
  const { size } = await file.stat()
  if (range !== undefined && (range.start >= size || range.start > range.end)) {
    await file.close()
    throw new AppError('range-invalid', `The artifact is ${size} bytes long.`, {
      details: { size },
    })
  }
  const whole = range === undefined || (range.start === 0 && range.end >= size - 1)
  if (!whole) return file.createReadStream(range)
  // The callback makes pipeline destroy both streams on an error; the reader receives the error.
  return pipeline(file.createReadStream(), checkOnRead(digest), () => {})
}
