import type { Readable } from 'node:stream'
import type { ByteRange, StoredArtifact } from '../../artifacts/port.ts'
import { FILE_BYTES_MAX } from '../../domain/input.ts'
import type { HubState } from '../context.ts'
import { demandRoom } from './room.ts'

export type Upload = {
  readonly bytes: Readable
  /** SHA-256 (lower-case hex) that the bytes must have, or null if the sender specified none. */
  readonly expectedDigest: string | null
}

/** Stores an upload's bytes. Throws `disk-full`, `body-too-large` or `digest-mismatch`. */
export async function store(
  hub: HubState,
  { bytes, expectedDigest }: Upload,
): Promise<StoredArtifact> {
  await demandRoom(hub)
  return hub.artifacts.put(bytes, { expectedDigest, maxBytes: FILE_BYTES_MAX })
}

/** Streams stored bytes or a range of them. Throws `artifact-not-found` or `range-invalid`. */
export const openBytes = (
  { artifacts }: HubState,
  digest: string,
  range?: ByteRange,
): Promise<Readable> => artifacts.open(digest, range)
