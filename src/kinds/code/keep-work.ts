import { join } from 'node:path'
import { packSession } from '../../agents/session-files.ts'
import { StepFailed } from '../../domain/stop.ts'
import { allEnded } from '../../platform/all-ended.ts'
import type { Change } from '../../workspace/change.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { PATCH, SESSION } from './artifacts.ts'
import { type CodeJob, tellNotes } from './code-job.ts'

/** Takes what the agent made of the workspace, and keeps it whatever happens later. */
export async function keepWork(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<Change> {
  const [change] = await allEnded([takeTree(workspace, signal), keepSession(job)])
  tellNotes(job, change.notes)
  if (change.changed) job.attempt.report.keep(patchOf(change.patchFile))
  return change
}

/** The same for an attempt that was stopped: in bounded time, and never in place of the stop. */
export async function keepUnfinishedWork(job: CodeJob, workspace: Workspace): Promise<void> {
  const grace = job.attempt.grace()
  try {
    await keepWork(job, workspace, grace)
  } catch (error) {
    if (!grace.aborted && !(error instanceof StepFailed)) throw error
    const text = error instanceof StepFailed ? error.detail : 'there was no time left for it'
    tellNotes(job, [{ code: 'work-not-kept', text }])
  }
}

export const patchOf = (file: string) => ({ name: PATCH, mediaType: 'text/x-diff', file })

async function keepSession({ attempt, driver, home }: CodeJob): Promise<void> {
  if (driver.sessionFiles.length === 0) return
  const file = join(attempt.folder, SESSION)
  const kept = await packSession(home, driver.sessionFiles, file)
  if (kept) attempt.report.keep({ name: SESSION, mediaType: 'application/x-tar', file })
}
