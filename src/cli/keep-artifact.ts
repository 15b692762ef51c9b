import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../domain/errors.ts'
import { ArtifactName } from '../domain/text.ts'
import type { ArtifactInfo } from '../protocol/schemas.ts'

/** Writes an artifact to a file, which appears only when it is whole and right. */
export async function keepArtifact(
  body: Readable,
  artifact: ArtifactInfo,
  path: string,
): Promise<void> {
  const beside = `${path}.${process.pid}.part`
  try {
    await mkdir(dirname(path), { recursive: true })
    await pipeline(body, verified(artifact), createWriteStream(beside, { flags: 'wx' }))
    await rename(beside, path)
  } catch (error) {
    // Where its folder could not be made there is nothing to remove.
    await rm(beside, { force: true }).catch(() => {})
    if (error instanceof AppError || !(error instanceof Error)) throw error
    throw new AppError('file-unreadable', `Cannot write ${path}: ${error.message}`, {
      cause: error,
    })
  }
}

/** Where an artifact belongs below a folder. Throws `protocol-mismatch` for a name that leads out. */
export function placeIn(folder: string, { name }: ArtifactInfo): string {
  if (ArtifactName.safeParse(name).success) return join(folder, name)
  throw new AppError('protocol-mismatch', `The hub has an artifact named ${JSON.stringify(name)}`)
}

/** Passes bytes on; fails at the end when they are not the ones that were stored. */
export function verified(artifact: ArtifactInfo): Transform {
  const hash = createHash('sha256')
  return new Transform({
    transform: (part: Buffer, _encoding, done) => {
      hash.update(part)
      done(null, part)
    },
    flush: (done) => {
      const right = hash.digest('hex') === artifact.digest
      done(
        right
          ? null
          : new AppError('digest-mismatch', `${artifact.name} did not arrive as it was stored`),
      )
    },
  })
}
