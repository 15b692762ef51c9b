import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../domain/errors.ts'
import { ArtifactName } from '../domain/text.ts'
import { plainReason } from '../platform/plain-reason.ts'
import type { ArtifactInfo } from '../protocol/schemas.ts'

/**
 * Writes an artifact to a file. The file appears under its name only when all bytes are written and
 * their digest is verified. Throws `file-unreadable` if the file cannot be written.
 */
export async function keepArtifact(body: Readable, path: string): Promise<void> {
  const partial = `${path}.${process.pid}.part`
  try {
    await mkdir(dirname(path), { recursive: true })
    await pipeline(body, createWriteStream(partial, { flags: 'wx' }))
    await rename(partial, path)
  } catch (error) {
    // `rm` fails if the folder could not be created. The partial file does not exist then, so the
    // failure of `rm` is ignored.
    await rm(partial, { force: true }).catch(() => {})
    if (error instanceof AppError || !(error instanceof Error)) throw error
    throw new AppError('file-unreadable', `Cannot write ${path}: ${plainReason(error)}`, {
      cause: error,
    })
  }
}

/**
 * The path of an artifact in a folder. Throws `protocol-mismatch` if the artifact's name leads out
 * of the folder.
 */
export function placeIn(folder: string, { name }: ArtifactInfo): string {
  if (ArtifactName.safeParse(name).success) return join(folder, name)
  throw new AppError(
    'protocol-mismatch',
    `The hub sent the invalid artifact name ${JSON.stringify(name)}`,
  )
}
