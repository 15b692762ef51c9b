import { join } from 'node:path'
import { packSession } from '../../agents/session-files.ts'
import type { FileArtifact } from '../../domain/attempt.ts'
import { StepFailed } from '../../domain/stop.ts'
import { allEnded } from '../../platform/all-ended.ts'
import type { Change } from '../../workspace/change.ts'
import { lfsObjectFile } from '../../workspace/lfs.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { LFS, LFS_OBJECTS_MAX, PATCH, SESSION } from './artifacts.ts'
import { type CodeJob, tellNotes } from './code-job.ts'

/** What the agent made, and how much of it was kept. */
export type Taken = {
  readonly change: Change
  /** A later attempt can go on from what was kept: all that the patch points to is there. */
  readonly isWhole: boolean
  /** The files in which the agent's session lives were kept. */
  readonly hasSession: boolean
}

/** Takes what the agent made of the workspace, and keeps it whatever happens later. */
export async function takeWork(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Taken> {
  const [change, hasSession] = await allEnded([takeTree(workspace, signal), keepSession(job)])
  const isWhole = isKeptWhole(change)
  tellNotes(job, [...change.notes, ...(isWhole ? [] : [TOO_MUCH_LFS])])
  for (const file of filesOf(change, workspace)) job.attempt.report.keep(file)
  return { change, isWhole, hasSession }
}

const TOO_MUCH_LFS = {
  code: 'work-not-kept',
  text: `More than ${LFS_OBJECTS_MAX} new contents in Git LFS: none of them is kept, so another attempt does the work again.`,
}

/** The same for an attempt that was stopped: in bounded time, and never in place of the stop. */
export async function takeUnfinishedWork(job: CodeJob, workspace: Workspace): Promise<void> {
  const grace = job.attempt.grace()
  try {
    await takeWork(job, workspace, grace)
  } catch (error) {
    if (!grace.aborted && !(error instanceof StepFailed)) throw error
    const text = error instanceof StepFailed ? error.detail : 'there was no time left for it'
    tellNotes(job, [{ code: 'work-not-kept', text }])
  }
}

/** Whether all that the patch points to is kept beside it, or nothing of it. */
const isKeptWhole = ({ lfsObjects }: Change): boolean => lfsObjects.length <= LFS_OBJECTS_MAX

/** What is kept of a change: its patch, and the contents in Git LFS that this only points to. */
export function filesOf(
  change: Change,
  { gitDir }: Pick<Workspace, 'gitDir'>,
): readonly FileArtifact[] {
  if (!change.changed) return []
  const patch = { name: PATCH, mediaType: 'text/x-diff', file: change.patchFile }
  if (!isKeptWhole(change)) return [patch]
  const mediaType = 'application/octet-stream'
  const contents = change.lfsObjects.map((id) => ({
    name: `${LFS}${id}`,
    mediaType,
    file: lfsObjectFile(gitDir, id),
  }))
  return [patch, ...contents]
}

async function keepSession({ attempt, driver, home }: CodeJob): Promise<boolean> {
  if (driver.sessionFiles.length === 0) return false
  const file = join(attempt.folder, SESSION)
  const kept = await packSession(home, driver.sessionFiles, file)
  if (kept) attempt.report.keep({ name: SESSION, mediaType: 'application/x-tar', file })
  return kept
}
