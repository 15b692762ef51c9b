import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchInputs, inputsOf } from '../../pipeline/fetch-inputs.ts'
import { allEnded } from '../../platform/all-ended.ts'
import { SESSION } from '../../turn/session.ts'
import { unpackSession } from '../../turn/session-files.ts'
import type { KeptChange } from '../../workspace/earlier-change.ts'
import type { RepositoryWorkspace } from '../../workspace/workspace.ts'
import { type CodeJob, reportNotes } from './code-job.ts'
import { continuedFiles } from './continued-files.ts'
import { openKept } from './open-kept.ts'
import type { Opened, OpenedWorkspace } from './opened-workspace.ts'
import { prepare } from './prepare.ts'
import { publishedBranch } from './start.ts'
import { keptWork } from './work-checkpoint.ts'

/**
 * Checks out the repository and restores the work of an earlier attempt. If there is no such work
 * but this job continues earlier jobs, restores the work of those jobs instead.
 */
export async function openWorkspace(job: CodeJob, signal: AbortSignal): Promise<OpenedWorkspace> {
  await mkdir(job.home, { mode: 0o700 })
  if (inputsOf(job.attempt) !== null) await fetchInputs(job.attempt, signal)
  const work = keptWork(job.attempt)
  const restored = work === null ? null : await openKept(job, work, signal)
  const opened = restored ?? (await openFresh(job, signal))
  reportNotes(job, opened.workspace.notes)
  return restored === null
    ? { ...opened, kept: null, lost: work, advanced: hasAdvanced(job, opened.workspace) }
    : { ...opened, kept: work, lost: null, advanced: false }
}

async function openFresh(job: CodeJob, signal: AbortSignal): Promise<Opened> {
  const [workspace, session] = await allEnded([
    prepare(job, continuedChange(job, signal), signal),
    continuedSession(job, signal),
  ])
  return { workspace, session }
}

/** The change that the earlier jobs did not publish; null if this job continues no job. */
function continuedChange({ attempt }: CodeJob, signal: AbortSignal): KeptChange | null {
  const { continues } = attempt.earlier
  if (continues === null) return null
  const isPublished = continues.publication !== null
  const unpublished = continues.artifacts.filter(({ published = isPublished }) => !published)
  const files = continuedFiles(unpublished)
  return {
    from: [...files.keys()],
    fetch: (name, file) => attempt.report.fetchContinued(files.get(name) ?? name, file, signal),
  }
}

/**
 * Whether the branch that the earlier jobs published has moved since then. If so, reports a note.
 */
function hasAdvanced(job: CodeJob, { base }: RepositoryWorkspace): boolean {
  const published = publishedBranch(job)
  if (published === null || base.branch !== published.branch) return false
  if (base.commit === published.commit) return false
  const text = `The branch ${published.branch} has moved since the earlier job published commit ${published.commit}. This job starts from the branch’s present head, ${base.commit}.`
  reportNotes(job, [{ code: 'branch-advanced', text }])
  return true
}

/**
 * Restores the session that a follow-up continues, and returns the session's id. Returns null if
 * this job is not a follow-up, or if the agent needs session files but the earlier jobs kept none.
 */
async function continuedSession(
  { attempt, driver, home }: CodeJob,
  signal: AbortSignal,
): Promise<string | null> {
  const { continues } = attempt.earlier
  if (continues === null) return null
  const archive = continuedFiles(continues.artifacts).get(SESSION)
  if (archive === undefined) return driver.sessionFiles.length === 0 ? continues.session : null
  const file = join(attempt.folder, `continued-${SESSION}`)
  await attempt.report.fetchContinued(archive, file, signal)
  await unpackSession(file, home)
  return continues.session
}
