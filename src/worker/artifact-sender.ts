import { writeFileSync } from 'node:fs'
import type { ArtifactSource, FileArtifact } from '../domain/attempt.ts'
import { isAppError } from '../domain/errors.ts'
import { isLeaseLost, Stopped } from '../domain/stop.ts'
import type { StopOrder } from '../pipeline/stop-order.ts'
import { keptFile } from './attempt-folder.ts'
import { saysLeaseLost } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'
import { semaphore } from '../platform/semaphore.ts'
import { upload } from './upload.ts'

/**
 * Maximum number of parallel uploads. It is small because parallel uploads share the bandwidth, and
 * each upload must finish within its timeout.
 */
const UPLOADS_MAX = 4

/** Sends an attempt's artifacts to the hub while the attempt runs. */
export class ArtifactSender {
  readonly #context: SenderContext
  readonly #folder: string
  readonly #stopOrder: Pick<StopOrder, 'leaseLost' | 'late'>
  /**
   * All artifacts queued so far, by name. A newer artifact replaces an older one of the same name.
   */
  readonly #kept = new Map<string, FileArtifact>()
  readonly #uploads = new Map<string, Promise<MissingArtifact | null>>()
  readonly #limited = semaphore(UPLOADS_MAX)

  /** @param folder the attempt's folder */
  constructor(
    context: SenderContext,
    folder: string,
    stopOrder: Pick<StopOrder, 'leaseLost' | 'late'>,
  ) {
    this.#context = context
    this.#folder = folder
    this.#stopOrder = stopOrder
  }

  /** The artifacts queued so far. Artifacts given as text have been written to files. */
  get kept(): readonly FileArtifact[] {
    return [...this.#kept.values()]
  }

  /**
   * Queues an artifact for upload. If the artifact is given as a file, the file must not change
   * after this call. At most UPLOADS_MAX such files are uploaded at once, and their unfinished
   * uploads are dropped when `stopOrder.late` aborts. An artifact given as text is small, so its
   * upload begins immediately and is dropped only if the lease is lost.
   */
  keep(artifact: ArtifactSource): void {
    const kept = inFile(this.#folder, artifact)
    const { name } = kept
    const { leaseLost, late } = this.#stopOrder
    const [begin, signal] = 'text' in artifact ? [immediately, leaseLost] : [this.#limited, late]
    const before = this.#uploads.get(name)
    const send = async (): Promise<void> => {
      // Waits for the previous version: if both were sent in parallel, the older could arrive last.
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
   * Waits until every artifact queued so far has been sent or dropped. Returns the artifacts that
   * the hub does not have: those it refused, for example because they are too large, and those that
   * were dropped. Throws any other error.
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

/** Whether an upload was dropped because the stopped attempt had no time left for it. */
export const isLate = (error: unknown): error is Stopped =>
  error instanceof Stopped && !isLeaseLost(error)

const immediately = (send: () => Promise<void>): Promise<void> => send()

function inFile(folder: string, artifact: ArtifactSource): FileArtifact {
  if ('file' in artifact) return artifact
  const { name, mediaType, text } = artifact
  const file = keptFile(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  return { name, mediaType, file }
}
