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

/** Parallel uploads: few, because the timeout of each one assumes that it gets a minimum bandwidth. */
const AT_ONCE = 4

/** Sends an attempt's artifacts to the hub while the attempt runs. */
export class ArtifactSender {
  readonly #context: SenderContext
  readonly #folder: string
  readonly #stopOrder: Pick<StopOrder, 'leaseLost' | 'late'>
  /** The newest artifact of each name; it replaces earlier ones. */
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

  /** The artifacts kept so far, each as a file. */
  get kept(): readonly FileArtifact[] {
    return [...this.#kept.values()]
  }

  /**
   * Queues an artifact. A file, which must not change anymore, waits for one of AT_ONCE uploads and is
   * dropped when a stopped job must end. A text is small, so it is sent immediately and never dropped.
   */
  keep(artifact: ArtifactSource): void {
    const kept = inFile(this.#folder, artifact)
    const { name } = kept
    const { leaseLost, late } = this.#stopOrder
    const [begin, signal] = 'text' in artifact ? [immediately, leaseLost] : [this.#limited, late]
    const before = this.#uploads.get(name)
    const send = async (): Promise<void> => {
      // In parallel, the older version could arrive last.
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
   * Resolves when every artifact kept so far was sent or dropped. Returns those that the hub does not
   * have: refused ones, such as an artifact that is too large, and dropped ones. Throws any other
   * error.
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

/** Whether an upload was dropped because a stopped job had to end. */
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
