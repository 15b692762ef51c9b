import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FileArtifact } from '../domain/attempt.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { fileDigest } from '../platform/file-digest.ts'
import { attemptParams } from './attempt-params.ts'
import { callUntilAnswered } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'

/** Timeout of one try, to which the time for the bytes on a very slow connection is added. */
const TRY_MS = 30_000
const BYTES_PER_MS_MIN = 16

/**
 * Stores a file as an artifact; retries until the hub has it. A try times out after 30 s plus the time
 * for the bytes, so that a dead connection does not block it. Throws the hub's refusal,
 * `artifact-changed` when the file does not match its digest or changes meanwhile, or the signal's
 * reason.
 * @param route `putArtifact` for a live attempt, `salvageArtifact` for a dead one
 */
export async function upload(
  artifact: FileArtifact,
  route: 'putArtifact' | 'salvageArtifact',
  { hub, fence, clock }: SenderContext,
  signal: AbortSignal,
): Promise<void> {
  const params = { ...attemptParams(fence), name: artifact.name }
  // A known digest is not computed again, because the hub verifies it.
  const digest = artifact.digest ?? (await fileDigest(artifact.file, signal))
  const base64 = Buffer.from(digest, 'hex').toString('base64')
  const headers = { 'content-type': artifact.mediaType, 'content-digest': `sha-256=:${base64}:` }
  const { size } = await stat(artifact.file)
  await callUntilAnswered(
    async (trying) => {
      const blob = await openAsBlob(artifact.file)
      if (blob.size !== size) throw changed(artifact)
      try {
        await hub.call(route, { params, headers, body: blob.stream() }, trying)
      } catch (error) {
        // Bytes corrupted in transit are sent again; a file that changed here would never match.
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
  new AppError('artifact-changed', `The file of artifact ${name} changed while it was being sent.`)
