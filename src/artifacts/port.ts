import type { Readable } from 'node:stream'
import type { LogStream } from '../domain/attempt.ts'
import type { Fence } from '../domain/lease.ts'

/** What was stored: lower-case hex SHA-256 and length in bytes. */
export type StoredArtifact = { readonly digest: string; readonly size: number }

/** First and last byte wanted, both included, counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number }

/** Bytes addressed by their SHA-256. Names are never paths: only a digest finds a file. */
export type ArtifactStore = {
  /**
   * Keeps a stream. Durable when resolved; until then nothing can be read. The same bytes twice are
   * stored once. Refuses with `digest-mismatch` when they are not `expectedDigest`, with
   * `body-too-large` beyond `maxBytes`, with `disk-full`; whatever fails leaves nothing behind.
   */
  put(
    bytes: Readable,
    options: { readonly expectedDigest: string | null; readonly maxBytes: number },
  ): Promise<StoredArtifact>
  /**
   * Streams an artifact. `artifact-not-found` when there is none, `range-invalid` when the range
   * begins beyond its end. A whole read checks the digest: the stream ends with the error
   * `artifact-corrupt` instead of its last bytes.
   */
  open(digest: string, range?: ByteRange): Promise<Readable>
  /** Whether `open` would find it; says nothing of its bytes. */
  has(digest: string): Promise<boolean>
}

/** Names one stream of one attempt. */
export type LogAddress = Fence & { readonly stream: LogStream }

/** Append-only bytes of attempts, addressed by offset. */
export type LogStore = {
  /**
   * Appends at `offset`; durable when resolved. Bytes already stored are skipped, so a repeat
   * changes nothing; a repeat that says something else is refused as `log-conflict`, a gap as
   * `log-gap` with `expected` in its details, more than `LOG_SEGMENT_BYTES_MAX` as `body-too-large`.
   * Throws `disk-full`.
   */
  append(address: LogAddress, offset: number, bytes: Uint8Array): Promise<void>
  /**
   * At most `limit` bytes from `offset`; empty at the end, and for a stream that has none.
   * `artifact-corrupt` when a segment is shorter than it was.
   */
  read(address: LogAddress, offset: number, limit: number): Promise<Uint8Array>
  /** Bytes stored so far: the offset where the next append belongs. */
  size(address: LogAddress): Promise<number>
}
