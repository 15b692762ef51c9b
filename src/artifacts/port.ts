import type { Readable } from 'node:stream'
import type { LogStream } from '../domain/attempt.ts'
import type { Fence } from '../domain/lease.ts'

/** A stored artifact: its SHA-256 in lowercase hex, and its length in bytes. */
export type StoredArtifact = { readonly digest: string; readonly size: number }

/** Offsets of the first and the last byte, both included, counted from 0. */
export type ByteRange = { readonly start: number; readonly end: number }

/** Bytes addressed by their SHA-256. Only a digest finds a file: names are never paths. */
export type ArtifactStore = {
  /**
   * Stores a stream: durable when resolved, and not readable before. Equal bytes are stored once.
   * Throws `digest-mismatch` when their digest is not `expectedDigest`, `body-too-large` beyond
   * `maxBytes`, and `disk-full`. A failed call leaves no file behind.
   */
  put(
    bytes: Readable,
    options: { readonly expectedDigest: string | null; readonly maxBytes: number },
  ): Promise<StoredArtifact>
  /**
   * Streams an artifact. Throws `artifact-not-found`, and `range-invalid` when the range begins
   * beyond its end. A read of the whole artifact verifies the digest: on a mismatch the stream ends
   * with the error `artifact-corrupt` instead of its last bytes.
   */
  open(digest: string, range?: ByteRange): Promise<Readable>
  /** Whether the artifact exists. Does not verify its bytes. */
  has(digest: string): Promise<boolean>
}

/** Names one log stream of one attempt. */
export type LogAddress = Fence & { readonly stream: LogStream }

/** Append-only bytes of attempts, addressed by offset. */
export type LogStore = {
  /**
   * Appends at `offset`; durable when resolved. Idempotent: bytes already stored are skipped.
   * Throws `log-conflict` when the stored bytes differ, `log-gap` with `expected` in its details when
   * `offset` is beyond the end, `body-too-large` beyond `LOG_SEGMENT_BYTES_MAX`, and `disk-full`.
   */
  append(address: LogAddress, offset: number, bytes: Uint8Array): Promise<void>
  /**
   * Reads at most `limit` bytes from `offset`; empty at the end, and for a stream without bytes.
   * Throws `artifact-corrupt` when a segment was truncated.
   */
  read(address: LogAddress, offset: number, limit: number): Promise<Uint8Array>
  /** Bytes stored so far, which is the offset of the next append. */
  size(address: LogAddress): Promise<number>
}
