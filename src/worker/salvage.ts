import { existsSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileArtifact, type LeftAttempt, STREAMS, type WorkKind } from '../domain/attempt.ts'
import { isAppError } from '../domain/errors.ts'
import { StepFailed } from '../domain/stop.ts'
import { attemptsFolder, readAttemptFile, streamFile } from './attempt-folder.ts'
import type { WorkerContext } from './context.ts'
import { upload } from './upload.ts'

/** Longest time to find out what can be kept of one folder. */
const LOOK_MS = 120_000

/**
 * Brings what a dead attempt left in its folder to the hub, which keeps it and changes no state,
 * then removes the folder. Waits for a hub that is away; throws the signal's reason.
 * @param name of the folder; nothing of its attempt may run any more
 */
export async function salvage(
  name: string,
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  const { hub, clock, log, kinds } = context
  const folder = join(attemptsFolder(context.folder), name)
  const owner = await readAttemptFile(folder)
  const kind = owner === null ? undefined : kinds.get(owner.kind)
  if (owner !== null && kind !== undefined) {
    const found = await look(kind, { folder, marker: name }, signal)
    const way = { hub, fence: owner, clock, route: 'salvageArtifact' } as const
    for (const artifact of found) await uploadUnlessRefused(artifact, way, signal)
    log.info({ attempt: name, artifacts: found.length }, 'attempt salvaged')
  }
  await (kind === undefined ? rm(folder, { recursive: true, force: true }) : kind.remove(folder))
}

/** What the kind finds, and the logs. */
async function look(
  kind: WorkKind,
  left: LeftAttempt,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  const logs = STREAMS.map(({ stream, ...artifact }) => ({
    ...artifact,
    file: streamFile(left.folder, stream),
  }))
  return [...(await lookForWork(kind, left, signal)), ...logs].filter(
    ({ file }) => existsSync(file) && statSync(file).size > 0,
  )
}

/** A half-made workspace has nothing to keep; its logs are kept all the same. */
async function lookForWork(
  kind: WorkKind,
  left: LeftAttempt,
  signal: AbortSignal,
): Promise<readonly FileArtifact[]> {
  try {
    return await kind.salvage(left, AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]))
  } catch (error) {
    if (signal.aborted || !(error instanceof StepFailed)) throw error
    return []
  }
}

async function uploadUnlessRefused(
  artifact: FileArtifact,
  way: Parameters<typeof upload>[1],
  signal: AbortSignal,
): Promise<void> {
  try {
    await upload(artifact, way, signal)
  } catch (error) {
    // The hub knows nothing of this attempt, or it was another worker's: nobody waits for it.
    if (!isAppError(error) || error.code === 'token-invalid') throw error
  }
}
