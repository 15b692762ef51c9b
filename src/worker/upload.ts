import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { FileArtifact } from '../domain/attempt.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import type { Fence } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import { insist } from './patience.ts'

/** For one try, beside the time that its bytes take on a very slow line. */
const TRY_MS = 30_000
const BYTES_PER_MS_MIN = 16

type Way = {
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
  /** As part of a living attempt, or as what a dead one left. */
  readonly route: 'putArtifact' | 'salvageArtifact'
}

/**
 * Stores a file as an artifact; repeats until the hub has it. Throws what the hub refuses with, or
 * `artifact-changed` when the file is not what was promised, or has changed since the first try. A
 * connection whose other end is gone without a word costs half a minute, not forever.
 */
export async function upload(
  artifact: FileArtifact,
  { hub, fence, clock, route }: Way,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const params = { job: fence.jobId, attempt: fence.attempt, name: artifact.name }
  const digest = await digestOf(artifact.file)
  const promised = artifact.digest
  if (promised !== undefined && promised !== Buffer.from(digest, 'base64').toString('hex')) {
    throw changed(artifact)
  }
  const headers = { 'content-type': artifact.mediaType, 'content-digest': `sha-256=:${digest}:` }
  const { size } = await stat(artifact.file)
  await insist(
    async (trying) => {
      const blob = await openAsBlob(artifact.file)
      if (blob.size !== size) throw changed(artifact)
      try {
        await hub.call(route, { params, headers, body: blob.stream() }, trying)
      } catch (error) {
        // Bytes that changed on the way are sent again; bytes that changed here would never match.
        const isMismatch = isAppError(error, 'digest-mismatch')
        if (isMismatch && (await digestOf(artifact.file)) !== digest) throw changed(artifact)
        throw error
      }
    },
    { clock, tryMs: TRY_MS + Math.ceil(size / BYTES_PER_MS_MIN) },
    signal,
  )
}

const changed = ({ name }: FileArtifact): AppError =>
  new AppError('artifact-changed', `The file of ${name} changed while it was being sent.`)

/** Base64 SHA-256 of a file. */
async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('base64')
}
