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

/** Longest time to find out what can be kept of one folder. */
const LOOK_MS = 120_000

/**
 * Brings what a dead attempt left in its folder to the hub, which keeps it and changes no state,
 * then removes the folder. An agent has made it: whatever cannot be read there is told and left
 * out. Waits for a hub that is away; throws the signal's reason, and `token-invalid`.
 * @param name of the folder; nothing of its attempt may run any more
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
  const found = await look(kind, left, log, signal)
  const context = { hub, fence: owner, clock }
  for (const artifact of found) {
    await upload(artifact, 'salvageArtifact', context, signal).catch((error: unknown) => {
      if (signal.aborted || isAppError(error, 'token-invalid')) throw error
      // The hub knows nothing of this attempt, or it was another worker's: nobody waits for it.
      if (isAppError(error)) return
      log.error({ attempt: left.marker, file: artifact.name, error }, 'file not salvaged')
    })
  }
  log.info({ attempt: left.marker, artifacts: found.length }, 'attempt salvaged')
}

/** What the kind finds, and the logs. */
async function look(
  kind: WorkKind,
  left: LeftAttempt,
  log: Logger,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  const logs = STREAMS.map(({ stream, ...artifact }) => ({
    ...artifact,
    file: streamFile(left.folder, stream),
  }))
  return [...(await lookForWork(kind, left, log, signal)), ...logs].filter(
    ({ file }) => existsSync(file) && statSync(file).size > 0,
  )
}

/** A workspace that nothing can be taken from has its logs kept all the same. */
async function lookForWork(
  kind: WorkKind,
  left: LeftAttempt,
  log: Logger,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  try {
    return await kind.salvage(left, AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]))
  } catch (error) {
    if (signal.aborted) throw error
    // Kept for the next start, it would meet the same there, and at every start after that.
    const level = error instanceof StepFailed ? 'warn' : 'error'
    log[level]({ attempt: left.marker, error }, 'work not salvaged')
    return []
  }
}
