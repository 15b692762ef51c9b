import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FileArtifact } from '../domain/attempt.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { fileDigest } from '../platform/file-digest.ts'
import { attemptParams } from './attempt-params.ts'
import { insist } from './patience.ts'
import type { SenderContext } from './sender-context.ts'

/** For one try, beside the time that its bytes take on a very slow line. */
const TRY_MS = 30_000
const BYTES_PER_MS_MIN = 16

/**
 * Stores a file as an artifact; retries until the hub has it. A try ends after half a minute beside
 * the time for its bytes, so that a dead connection does not block it. Throws what the hub refuses
 * with, `artifact-changed` when the file does not have its digest or changes meanwhile, or the
 * signal's reason.
 * @param route as part of a living attempt, or as what a dead one left
 */
export async function upload(
  artifact: FileArtifact,
  route: 'putArtifact' | 'salvageArtifact',
  { hub, fence, clock }: SenderContext,
  signal: AbortSignal,
): Promise<void> {
  const params = { ...attemptParams(fence), name: artifact.name }
  // One that is known need not be read again: the hub compares.
  const digest = artifact.digest ?? (await fileDigest(artifact.file, signal))
  const base64 = Buffer.from(digest, 'hex').toString('base64')
  const headers = { 'content-type': artifact.mediaType, 'content-digest': `sha-256=:${base64}:` }
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
        if (isMismatch && (await fileDigest(artifact.file, signal)) !== digest)
          throw changed(artifact)
        throw error
      }
    },
    { clock, tryMs: TRY_MS + Math.ceil(size / BYTES_PER_MS_MIN) },
    signal,
  )
}

const changed = ({ name }: FileArtifact): AppError =>
  new AppError('artifact-changed', `The file of ${name} changed while it was being sent.`)
