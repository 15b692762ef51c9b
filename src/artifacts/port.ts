import type { Readable } from 'node:stream'
import type { LogStream } from '../domain/attempt.ts'
import type { Fence } from '../domain/lease.ts'

/** A stored artifact: its SHA-256 in lowercase hex, and its length in bytes. */
export type StoredArtifact = { readonly digest: string; readonly size: number }

/** Offsets of the first and the last byte of a range, counted from 0; both bytes are included. */
export type ByteRange = { readonly start: number; readonly end: number }

/** Stores bytes under their SHA-256. Artifact names are never used as paths. */
export type ArtifactStore = {
  /**
   * Stores the bytes of a stream. Readers never see an incomplete artifact. Once the call resolves,
   * the bytes are durable. Equal bytes are stored only once. Throws `digest-mismatch` if their
   * SHA-256 is not `expectedDigest`, `body-too-large` if there are more than `maxBytes`, and
   * `disk-full`. A failed call leaves no file behind.
   */
  put(
    bytes: Readable,
    options: { readonly expectedDigest: string | null; readonly maxBytes: number },
  ): Promise<StoredArtifact>
  /**
   * Streams an artifact or a range of it. Throws `artifact-not-found`, and `range-invalid` if the
   * range contains no byte of the artifact. A read of the whole artifact verifies the digest: if it
   * does not match, the stream fails with `artifact-corrupt` before its last bytes.
   */
  open(digest: string, range?: ByteRange): Promise<Readable>
  /** Whether the artifact exists. Does not read its bytes. */
  has(digest: string): Promise<boolean>
}

/** Identifies one log stream of one attempt. */
export type LogAddress = Fence & { readonly stream: LogStream }

/** Append-only logs of attempts; bytes are addressed by their offset in the log. */
export type LogStore = {
  /**
   * Appends bytes at `offset`; they are durable once the call resolves. Idempotent: bytes that are
   * already stored are skipped. Throws `log-conflict` if the stored bytes differ, `log-gap` if
   * `offset` is beyond the end (its detail `expected` is the end), `body-too-large` for more than
   * `LOG_SEGMENT_BYTES_MAX`, and `disk-full`.
   */
  append(address: LogAddress, offset: number, bytes: Uint8Array): Promise<void>
  /**
   * Reads at most `limit` bytes from `offset`. Returns an empty array if `offset` is at or beyond
   * the end of the log. Throws `artifact-corrupt` if a segment file was truncated.
   */
  read(address: LogAddress, offset: number, limit: number): Promise<Uint8Array>
  /** Number of bytes stored so far, which is the offset of the next append. */
  size(address: LogAddress): Promise<number>
}
