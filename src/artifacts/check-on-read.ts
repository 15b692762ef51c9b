import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { AppError } from '../domain/errors.ts'

/**
 * Passes bytes through and hashes them, one chunk behind, so that corrupt bytes never look complete:
 * when the SHA-256 is not `digest`, the stream ends with `artifact-corrupt` instead of its last chunk.
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
      done(new AppError('artifact-corrupt', `The stored bytes of artifact ${digest} have changed.`))
    },
  })
}
