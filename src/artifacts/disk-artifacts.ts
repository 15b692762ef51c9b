import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { AppError } from '../domain/errors.ts'
import { noProbe } from '../domain/probe.ts'
import { syncFolder } from '../platform/durable-file.ts'
import { digestCheck } from './digest-check.ts'
import type { ArtifactStore, ByteRange, StoredArtifact } from './port.ts'
import { nullWhenMissing } from './disk-errors.ts'
import { openStaging } from './staging.ts'

export type DiskArtifacts = ArtifactStore & {
  /** Removes what crashed uploads left, last written before this moment (epoch ms); returns how many. */
  sweepTemp(before: number): Promise<number>
}

/**
 * Artifacts as files `blobs/sha256/<first two digits>/<digest>` of a folder, readable by its owner
 * alone. Makes the folder if it is missing.
 */
export async function openDiskArtifacts(folder: string, probe = noProbe): Promise<DiskArtifacts> {
  const blobs = join(folder, 'blobs', 'sha256')
  const staging = await openStaging(join(folder, 'temp'), { of: 'artifact', probe })
  await makeLasting(blobs)
  const pathOf = (digest: string): string => join(blobs, digest.slice(0, 2), digest)

  return {
    put: (bytes, options) => {
      // The loop in `fill` hears of errors; one that comes before or after it must not crash the hub.
      bytes.on('error', () => {})
      return staging.place(
        (file) => fill(file, bytes, options),
        async ({ digest }) => {
          await mkdir(dirname(pathOf(digest)), { recursive: true, mode: 0o700 })
          await syncFolder(blobs)
          return pathOf(digest)
        },
      )
    },
    open: async (digest, range) => {
      const file = isDigest(digest) ? await open(pathOf(digest)).catch(nullWhenMissing) : null
      if (file === null) throw new AppError('artifact-not-found', `there is no artifact ${digest}`)
      return read(file, digest, range)
    },
    has: async (digest) =>
      isDigest(digest) && (await stat(pathOf(digest)).catch(nullWhenMissing)) !== null,
    sweepTemp: (before) => staging.sweep(before),
  }
}

/** Makes the folder of all blobs so that it and the store's own folder survive a power cut. */
async function makeLasting(blobs: string): Promise<void> {
  await mkdir(blobs, { recursive: true, mode: 0o700 })
  for (const up of ['..', '../..', '../../..']) await syncFolder(join(blobs, up))
}

/**
 * Leaves the source open when it refuses, so that an HTTP request can still be answered.
 * One chunk is in memory at a time.
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
      throw new AppError('body-too-large', `the artifact is larger than ${options.maxBytes} bytes`)
    }
    hash.update(chunk)
    await file.appendFile(chunk)
  }
  const digest = hash.digest('hex')
  if (options.expectedDigest !== null && options.expectedDigest !== digest) {
    throw new AppError(
      'digest-mismatch',
      `the bytes have SHA-256 ${digest}, not ${options.expectedDigest}`,
    )
  }
  return { digest, size }
}

/** Only this finds a file, so no name can lead out of the folder. */
const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

async function read(file: FileHandle, digest: string, range?: ByteRange): Promise<Readable> {
  const { size } = await file.stat()
  if (range !== undefined && (range.start >= size || range.start > range.end)) {
    await file.close()
    throw new AppError('range-invalid', `the artifact has ${size} bytes`, { details: { size } })
  }
  const whole = range === undefined || (range.start === 0 && range.end >= size - 1)
  if (!whole) return file.createReadStream(range)
  // The callback is for pipeline to destroy both ends; whoever reads hears of the error.
  return pipeline(file.createReadStream(), digestCheck(digest), () => {})
}
