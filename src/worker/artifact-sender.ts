import { writeFileSync } from 'node:fs'
import type { ArtifactSource, FileArtifact } from '../domain/attempt.ts'
import { isAppError } from '../domain/errors.ts'
import type { Fence } from '../domain/lease.ts'
import type { Clock } from '../platform/clock.ts'
import type { HubClient } from '../protocol/client.ts'
import { keptFile } from './attempt-folder.ts'
import { isGone } from './patience.ts'
import { turns } from './turns.ts'
import { upload } from './upload.ts'

/** Each upload has its time by its size: too many at once would take it from each other on a slow line. */
const AT_ONCE = 4

type Way = {
  readonly hub: HubClient
  readonly fence: Fence
  readonly clock: Clock
  /** The attempt's folder. */
  readonly folder: string
}

/** Brings an attempt's artifacts to the hub while the attempt goes on. */
export class ArtifactSender {
  readonly #way: Way
  readonly #signal: AbortSignal
  /** The newest of each name, which takes the place of those before. */
  readonly #kept = new Map<string, FileArtifact>()
  readonly #uploads = new Map<string, Promise<Refusal | null>>()
  readonly #inTurn = turns(AT_ONCE)

  constructor(way: Way, signal: AbortSignal) {
    this.#way = way
    this.#signal = signal
  }

  /** What was kept so far, each as a file of the attempt's folder. */
  get kept(): readonly FileArtifact[] {
    return [...this.#kept.values()]
  }

  /** Sends it when its turn comes. Its file must not change any more. */
  keep(artifact: ArtifactSource): void {
    const kept = inFile(this.#way.folder, artifact)
    const { name } = kept
    const before = this.#uploads.get(name)
    const send = async (): Promise<void> => {
      // Side by side, the older one could arrive last.
      await before
      await upload(kept, { ...this.#way, route: 'putArtifact' }, this.#signal)
    }
    this.#kept.set(name, kept)
    this.#uploads.set(
      name,
      this.#inTurn(send).then(
        () => null,
        (error: unknown) => ({ name, error }),
      ),
    )
  }

  /**
   * Resolves when the hub has everything kept so far; answers what it will never take, such as an
   * artifact that is too large. Throws what else went wrong.
   */
  async flush(): Promise<readonly Refusal[]> {
    const refusals = (await Promise.all(this.#uploads.values())).filter((result) => result !== null)
    const fatal = refusals.find(({ error }) => !isAppError(error) || isGone(error))
    if (fatal !== undefined) throw fatal.error
    return refusals
  }
}

/** An artifact that the hub did not take. */
export type Refusal = { readonly name: string; readonly error: unknown }

function inFile(folder: string, artifact: ArtifactSource): FileArtifact {
  if ('file' in artifact) return artifact
  const { name, mediaType, text } = artifact
  const file = keptFile(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  return { name, mediaType, file }
}
