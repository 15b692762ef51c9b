import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type FileArtifact,
  type LeftAttempt,
  type LeftWork,
  STREAMS,
  type WorkKind,
} from '../domain/attempt.ts'
import { isAppError } from '../domain/errors.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Logger } from '../platform/log.ts'
import {
  type AttemptFile,
  attemptsFolder,
  readAttemptFile,
  removeAttemptFolder,
  streamFile,
} from './attempt-folder.ts'
import type { CallInput } from '../protocol/client.ts'
import { attemptParams } from './attempt-params.ts'
import type { WorkerContext } from './context.ts'
import { callUntilAnswered } from './hub-call.ts'
import type { SenderContext } from './sender-context.ts'
import { upload } from './upload.ts'

/** How long a kind may search one folder for work, in milliseconds. */
const FIND_MS = 120_000
/** Timeout of one try to record the work, in milliseconds. */
const TRY_MS = 30_000

/**
 * Uploads what a dead attempt left in its folder, then removes the folder. Throws like
 * `uploadLeft`.
 */
export async function salvage(
  name: string,
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  await uploadLeft(name, context, signal)
  await removeAttemptFolder(join(attemptsFolder(context.folder), name), context)
}

/**
 * Uploads what a dead attempt left in its folder. The hub stores the files without changing the
 * job's state. An agent may have written anything to the folder, so unreadable files are logged and
 * skipped. Waits while the hub is unreachable. Throws the signal's reason or `token-invalid`.
 * @param name the attempt's name; none of its processes may still be running
 */
export async function uploadLeft(
  name: string,
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(attemptsFolder(context.folder), name)
  const owner = await readAttemptFile(folder)
  if (owner !== null) await uploadFound(owner, { folder, marker: name }, context, signal)
}

async function uploadFound(
  owner: AttemptFile,
  left: LeftAttempt,
  { hub, identity, clock, log, kinds }: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const kind = kinds.get(owner.kind)
  if (kind === undefined) return
  const { files: found, checkpoint } = await findWork(kind, left, log, signal)
  const files = found.filter(isFilled)
  const context = { hub, fence: owner, clock }
  // Tries every file, even after the hub has refused one, for example a file that is too large.
  const send = async (artifacts: readonly FileArtifact[]): Promise<boolean> => {
    const sent: boolean[] = []
    for (const file of artifacts) sent.push(await sendFile(file, left, { ...context, log }, signal))
    return sent.every(Boolean)
  }
  // Sends the work before the logs, because the next attempt continues from work that arrives in
  // time.
  const isWhole = await send(files)
  if (isWhole && checkpoint !== null) {
    const body = { checkpoint, worker: { id: identity.id } }
    await recordWork(body, context, signal)
  }
  const logs = logsOf(left)
  await send(logs)
  const artifacts = files.length + logs.length
  log.info({ attempt: left.marker, artifacts }, 'salvage of a dead attempt finished')
}

/** Uploads a file. Returns false if the hub refused it or it could not be read. */
async function sendFile(
  file: FileArtifact,
  { marker }: LeftAttempt,
  { log, ...context }: SenderContext & Pick<WorkerContext, 'log'>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await upload(file, 'salvageArtifact', context, signal)
    return true
  } catch (error) {
    rethrowIfFinal(error, signal)
    // No retry: an AppError is a refusal by the hub, for example because it does not know the
    // attempt. Any other error means that the file could not be read.
    if (!isAppError(error)) {
      log.error({ attempt: marker, file: file.name, error }, 'could not salvage the file')
    }
    return false
  }
}

/**
 * Records the work, so that the next attempt continues from it. Ignores a refusal: the next attempt
 * may have begun already, or the hub may be too old to know the route. The uploaded files then
 * remain as artifacts for people.
 */
async function recordWork(
  body: CallInput<'salvageWork'>['body'],
  { hub, fence, clock }: SenderContext,
  signal: AbortSignal,
): Promise<void> {
  const params = attemptParams(fence)
  await callUntilAnswered(
    (trying) => hub.call('salvageWork', { params, body }, trying),
    { clock, tryMs: TRY_MS },
    signal,
  ).catch((error: unknown) => {
    rethrowIfFinal(error, signal)
    if (!isAppError(error)) throw error
  })
}

function rethrowIfFinal(error: unknown, signal: AbortSignal): void {
  if (signal.aborted || isAppError(error, 'token-invalid')) throw error
}

/** The logs of the attempt that are not empty. */
const logsOf = ({ folder }: LeftAttempt): readonly FileArtifact[] =>
  STREAMS.map(({ stream, ...artifact }) => ({
    ...artifact,
    file: streamFile(folder, stream),
  })).filter(isFilled)

const isFilled = ({ file }: FileArtifact): boolean => existsSync(file) && statSync(file).size > 0

/** Returns no work if the workspace is unreadable, so that at least the logs are salvaged. */
async function findWork(
  kind: WorkKind,
  left: LeftAttempt,
  log: Logger,
  signal: AbortSignal,
): Promise<LeftWork> {
  try {
    return await kind.salvage(left, AbortSignal.any([signal, AbortSignal.timeout(FIND_MS)]))
  } catch (error) {
    if (signal.aborted) throw error
    // Not rethrown, because a retry at the worker's next start would fail with the same error.
    const level = error instanceof StepFailed ? 'warn' : 'error'
    log[level]({ attempt: left.marker, error }, 'could not salvage the attempt’s work')
    return { files: [], checkpoint: null }
  }
}
