import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FileArtifact } from '../domain/attempt.ts'
import { AppError, isAppError } from '../domain/errors.ts'
import { fileDigest } from '../platform/file-digest.ts'
import { attemptParams } from './attempt-params.ts'
import { callUntilAnswered } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'

/** Timeout of one try for an empty file, in milliseconds. Larger files get extra time. */
const TRY_MS = 30_000
/**
 * Lowest bandwidth for which the extra time is sufficient, in bytes per millisecond: 16 kB per
 * second.
 */
const BYTES_PER_MS_MIN = 16

/**
 * Uploads a file as an artifact, retrying until the hub has it. Each try has a timeout that depends
 * on the file's size, so that a dead connection does not block the upload. Throws the hub's
 * refusal, `artifact-changed` if the file does not match its digest or changes during the upload,
 * or the signal's reason.
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
        // If the bytes were corrupted in transit, they are resent. If the file itself changed, a
        // retry would fail again.
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
  new AppError('artifact-changed', `The artifact ${name} changed while it was being uploaded.`)
