import { join } from 'node:path'
import { packSession } from '../../agents/session-files.ts'
import { StepFailed } from '../../domain/stop.ts'
import { allEnded } from '../../platform/all-ended.ts'
import type { Change } from '../../workspace/change.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { SESSION } from './artifacts.ts'
import { type CodeJob, tellNotes } from './code-job.ts'

/** What the agent made, and what of the agent was kept with it. */
export type Taken = {
  readonly change: Change
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
  tellNotes(job, change.notes)
  for (const file of change.artifacts) job.attempt.report.keep(file)
  return { change, hasSession }
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

async function keepSession({ attempt, driver, home }: CodeJob): Promise<boolean> {
  if (driver.sessionFiles.length === 0) return false
  const file = join(attempt.folder, SESSION)
  const kept = await packSession(home, driver.sessionFiles, file)
  if (kept) attempt.report.keep({ name: SESSION, mediaType: 'application/x-tar', file })
  return kept
}
