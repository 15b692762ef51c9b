import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type FileArtifact, type LeftAttempt, STREAMS, type WorkKind } from '../domain/attempt.ts'
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
import type { WorkerContext } from './context.ts'
import { upload } from './upload.ts'

/** How long a kind may search one folder for work, in milliseconds. */
const FIND_MS = 120_000

/**
 * Uploads what a dead attempt left in its folder, then removes the folder. The hub stores the files
 * without changing the job's state. An agent may have written anything to the folder, so unreadable
 * files are logged and skipped. Waits while the hub is unreachable. Throws the signal's reason or
 * `token-invalid`.
 * @param name the attempt's name; none of its processes may still be running
 */
export async function salvage(
  name: string,
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(attemptsFolder(context.folder), name)
  const owner = await readAttemptFile(folder)
  if (owner !== null) await uploadFound(owner, { folder, marker: name }, context, signal)
  await removeAttemptFolder(folder, context)
}

async function uploadFound(
  owner: AttemptFile,
  left: LeftAttempt,
  { hub, clock, log, kinds }: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const kind = kinds.get(owner.kind)
  if (kind === undefined) return
  const found = await findFiles(kind, left, log, signal)
  const context = { hub, fence: owner, clock }
  for (const artifact of found) {
    await upload(artifact, 'salvageArtifact', context, signal).catch((error: unknown) => {
      if (signal.aborted || isAppError(error, 'token-invalid')) throw error
      // The hub refused the file, for example because it does not know the attempt. A retry is useless.
      if (isAppError(error)) return
      log.error({ attempt: left.marker, file: artifact.name, error }, 'could not salvage the file')
    })
  }
  log.info({ attempt: left.marker, artifacts: found.length }, 'salvage of a dead attempt finished')
}

/** Returns the files found by the kind, and the logs. Missing and empty files are left out. */
async function findFiles(
  kind: WorkKind,
  left: LeftAttempt,
  log: Logger,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  const logs = STREAMS.map(({ stream, ...artifact }) => ({
    ...artifact,
    file: streamFile(left.folder, stream),
  }))
  return [...(await findWork(kind, left, log, signal)), ...logs].filter(
    ({ file }) => existsSync(file) && statSync(file).size > 0,
  )
}

/** Returns no files if the workspace is unreadable, so that at least the logs are salvaged. */
async function findWork(
  kind: WorkKind,
  left: LeftAttempt,
  log: Logger,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  try {
    return await kind.salvage(left, AbortSignal.any([signal, AbortSignal.timeout(FIND_MS)]))
  } catch (error) {
    if (signal.aborted) throw error
    // Not rethrown, because a retry at the worker's next start would fail with the same error.
    const level = error instanceof StepFailed ? 'warn' : 'error'
    log[level]({ attempt: left.marker, error }, 'could not salvage the attempt’s work')
    return []
  }
}
