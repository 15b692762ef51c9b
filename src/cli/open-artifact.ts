import { createHash } from 'node:crypto'
import { Readable, Transform } from 'node:stream'
import { AppError } from '../domain/errors.ts'
import type { JobId } from '../domain/id.ts'
import type { HubClient } from '../protocol/client.ts'
import type { ArtifactInfo } from '../protocol/schemas.ts'

/**
 * Opens an artifact for reading. The stream fails with `digest-mismatch` at its end if the bytes
 * were changed.
 */
export async function openArtifact(
  client: HubClient,
  job: JobId,
  artifact: ArtifactInfo,
): Promise<Readable> {
  const { attempt, name } = artifact
  const { body } = await client.call('getArtifact', { params: { job, attempt, name } })
  if (body === null)
    throw new AppError('artifact-not-found', `The hub sent no content for the artifact ${name}`)
  return Readable.from(body).compose(verified(artifact))
}

/** A stream that passes an artifact's bytes through and verifies their digest at the end. */
function verified(artifact: ArtifactInfo): Transform {
  const hash = createHash('sha256')
  return new Transform({
    transform: (part: Buffer, _encoding, done) => {
      hash.update(part)
      done(null, part)
    },
    flush: (done) => {
      if (hash.digest('hex') === artifact.digest) return done()
      done(
        new AppError(
          'digest-mismatch',
          `The artifact ${artifact.name} was damaged during the download`,
        ),
      )
    },
  })
}
