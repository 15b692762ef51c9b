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

/** Longest time in which a kind may find work in one folder, in milliseconds. */
const FIND_MS = 120_000

/**
 * Uploads what a dead attempt left in its folder, then removes the folder. The hub stores the files
 * without changing the job's state. An agent wrote the folder, so what cannot be read there is logged
 * and skipped. Waits while the hub is unreachable; throws the signal's reason, and `token-invalid`.
 * @param name of the folder; no process of its attempt may still run
 */
export async function salvage(
  name: string,
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(attemptsFolder(context.folder), name)
  const owner = await readAttemptFile(folder)
  if (owner !== null) await handIn(owner, { folder, marker: name }, context, signal)
  await removeAttemptFolder(folder, context)
}

async function handIn(
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
      // The hub does not know this attempt, or it belongs to another worker: the file is not needed.
      if (isAppError(error)) return
      log.error({ attempt: left.marker, file: artifact.name, error }, 'file not salvaged')
    })
  }
  log.info({ attempt: left.marker, artifacts: found.length }, 'attempt salvaged')
}

/** The files that the kind finds, and the logs. */
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

/** Finds nothing in an unreadable workspace, so that at least the logs are kept. */
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
    // Not rethrown for a retry: the same error would return at every start of the worker.
    const level = error instanceof StepFailed ? 'warn' : 'error'
    log[level]({ attempt: left.marker, error }, 'work not salvaged')
    return []
  }
}
