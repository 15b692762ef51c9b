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
  /**
   * Removes the temporary files of crashed uploads that were last written before this time (epoch
   * ms). Returns the number of removed files.
   */
  sweepTemp(before: number): Promise<number>
  /**
   * Deletes the artifacts that are not needed. The names in `deletion` are digests. Keeps an
   * artifact that is stored again or referenced during the deletion.
   */
  deleteUnneeded(deletion: Deletion): Promise<Deleted>
}

/**
 * Stores artifacts in a folder, as files `blobs/sha256/<first two digits>/<digest>` that only their
 * owner can read. Creates the folder if it is missing.
 */
export async function openDiskArtifacts(folder: string, probe = noProbe): Promise<DiskArtifacts> {
  const blobs = await openBlobFolder(join(folder, 'blobs'))
  const staging = await openStaging(join(folder, 'temp'), { of: 'artifact', probe })

  return {
    put: (bytes, options) => {
      // If the stream fails during the loop in `fill`, the loop throws the error. Without this
      // listener, an error before or after the loop would crash the hub.
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
 * Writes the bytes to the file and hashes them, with one chunk in memory at a time. If this
 * function throws, it leaves the source stream open, so that the hub can still respond to the HTTP
 * request.
 */
async function fill(
  file: FileHandle,
  bytes: Readable,
  options: { readonly expectedDigest: string | null; readonly maxBytes: number },
): Promise<StoredArtifact> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of bytes.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('an artifact must be a stream of bytes')
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
    throw new AppError(
      'range-invalid',
      `The requested range contains no byte of the artifact, which is ${size} bytes long.`,
      { details: { size } },
    )
  }
  const whole = range === undefined || (range.start === 0 && range.end >= size - 1)
  if (!whole) return file.createReadStream(range)
  // On an error, `pipeline` destroys both streams, so the reader gets the error. The callback does
  // nothing, but `pipeline` requires a callback.
  return pipeline(file.createReadStream(), checkOnRead(digest), () => {})
}
