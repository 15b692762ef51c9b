import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { AppError } from '../domain/errors.ts'

/**
 * Passes bytes through and verifies their SHA-256. Each chunk is held back until the next one
 * arrives. If the hash is not `digest`, the stream fails with `artifact-corrupt` instead of sending
 * the last chunk, so that a reader never mistakes corrupt bytes for a complete artifact.
 */
export function checkOnRead(digest: string): Transform {
  const hash = createHash('sha256')
  let held: Buffer | undefined
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      const before = held
      held = chunk
      done(null, before)
    },
    flush(done) {
      if (hash.digest('hex') === digest) return done(null, held)
      done(
        new AppError(
          'artifact-corrupt',
          `The stored bytes of artifact ${digest} no longer match their SHA-256.`,
        ),
      )
    },
  })
}
