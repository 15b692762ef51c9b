import { writeFileSync } from 'node:fs'
import type { ArtifactSource, FileArtifact } from '../domain/attempt.ts'
import { isAppError } from '../domain/errors.ts'
import { isLeaseLost, Stopped } from '../domain/stop.ts'
import type { StopOrder } from '../pipeline/stop-order.ts'
import { keptFile } from './attempt-folder.ts'
import { saysLeaseLost } from './patience.ts'
import type { SenderContext } from './sender-context.ts'
import { semaphore } from '../platform/semaphore.ts'
import { upload } from './upload.ts'

/** The time limit of an upload follows its size: on a slow line more at once would exceed theirs. */
const AT_ONCE = 4

/** Sends an attempt's artifacts to the hub while the attempt runs. */
export class ArtifactSender {
  readonly #context: SenderContext
  readonly #folder: string
  readonly #stopOrder: Pick<StopOrder, 'leaseLost' | 'late'>
  /** The newest of each name, which takes the place of those before. */
  readonly #kept = new Map<string, FileArtifact>()
  readonly #uploads = new Map<string, Promise<MissingArtifact | null>>()
  readonly #limited = semaphore(AT_ONCE)

  /** @param folder of the attempt */
  constructor(
    context: SenderContext,
    folder: string,
    stopOrder: Pick<StopOrder, 'leaseLost' | 'late'>,
  ) {
    this.#context = context
    this.#folder = folder
    this.#stopOrder = stopOrder
  }

  /** What was kept so far, each as a file of the attempt's folder. */
  get kept(): readonly FileArtifact[] {
    return [...this.#kept.values()]
  }

  /**
   * Sends an artifact when a permit is free, and gives up when a stopped job must end. A text is small:
   * it waits for no file, and is sent also then. The file must not change any more.
   */
  keep(artifact: ArtifactSource): void {
    const kept = inFile(this.#folder, artifact)
    const { name } = kept
    const { leaseLost, late } = this.#stopOrder
    const [begin, signal] = 'text' in artifact ? [atOnce, leaseLost] : [this.#limited, late]
    const before = this.#uploads.get(name)
    const send = async (): Promise<void> => {
      // Side by side, the older one could arrive last.
      await before
      await upload(kept, 'putArtifact', this.#context, signal)
    }
    this.#kept.set(name, kept)
    this.#uploads.set(
      name,
      begin(send).then(
        () => null,
        (error: unknown) => ({ name, error }),
      ),
    )
  }

  /**
   * Resolves when everything kept so far was sent or given up; answers what the hub does not have:
   * what it refused, such as an artifact that is too large, and what came too late. Throws what else
   * went wrong.
   */
  async flush(): Promise<readonly MissingArtifact[]> {
    const missing = (await Promise.all(this.#uploads.values())).filter((result) => result !== null)
    const fatal = missing.find(
      ({ error }) => !isLate(error) && (!isAppError(error) || saysLeaseLost(error)),
    )
    if (fatal !== undefined) throw fatal.error
    return missing
  }
}

/** An artifact that the hub does not have, and why. */
export type MissingArtifact = { readonly name: string; readonly error: unknown }

/** Whether a stopped job had no time left to send something. */
export const isLate = (error: unknown): error is Stopped =>
  error instanceof Stopped && !isLeaseLost(error)

const atOnce = (send: () => Promise<void>): Promise<void> => send()

function inFile(folder: string, artifact: ArtifactSource): FileArtifact {
  if ('file' in artifact) return artifact
  const { name, mediaType, text } = artifact
  const file = keptFile(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  return { name, mediaType, file }
}
