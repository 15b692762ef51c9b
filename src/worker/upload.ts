import { createHash } from 'node:crypto'
import { createReadStream, openAsBlob } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { FileArtifact } from '../domain/attempt.ts'
import type { Fence } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import { insist } from './patience.ts'

type Way = {
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
  /** As part of a living attempt, or as what a dead one left. */
  readonly route: 'putArtifact' | 'salvageArtifact'
}

/** Stores a file as an artifact; repeats until the hub has it. Throws what the hub refuses with. */
export async function upload(
  artifact: FileArtifact,
  { hub, fence, clock, route }: Way,
  signal: AbortSignal,
): Promise<void> {
  const params = { job: fence.jobId, attempt: fence.attempt, name: artifact.name }
  const headers = {
    'content-type': artifact.mediaType,
    'content-digest': `sha-256=:${await digestOf(artifact.file)}:`,
  }
  await insist(
    async (trying) => {
      const blob = await openAsBlob(artifact.file)
      await hub.call(route, { params, headers, body: blob.stream() }, trying)
    },
    { clock },
    signal,
  )
}

/** Base64 SHA-256 of a file. */
async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('base64')
}
