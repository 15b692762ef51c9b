import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAppError } from '../../domain/errors.ts'
import { StepFailed } from '../../domain/stop.ts'
import { fetchInputs, inputsOf } from '../../pipeline/fetch-inputs.ts'
import { allEnded } from '../../platform/all-ended.ts'
import { branchOfPublication } from '../../publish/branch.ts'
import { artifactName } from '../../turn/kept-turn.ts'
import { SESSION } from '../../turn/session.ts'
import { unpackSession } from '../../turn/session-files.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import { prepareWorkspace, type WorkspaceRequest } from '../../workspace/prepare.ts'
import type { RepositoryWorkspace } from '../../workspace/workspace.ts'
import { type CodeJob, reportNotes } from './code-job.ts'
import { type KeptWork, keptWork } from './work-checkpoint.ts'
import { iterationsOf, refOf } from './payload.ts'

/** A checkout, and the agent's session to continue in it. */
export type OpenedWorkspace = {
  readonly workspace: RepositoryWorkspace
  /** An earlier attempt's work, which was restored in the workspace; null if none was restored. */
  readonly kept: KeptWork | null
  /** The session to continue, whose files are in the agent's HOME folder; null starts a new session. */
  readonly session: string | null
}

/**
 * Checks out the repository and restores the work of an earlier attempt. If there is no such work, and
 * this job continues an earlier job, restores the work of that job.
 */
export async function openWorkspace(job: CodeJob, signal: AbortSignal): Promise<OpenedWorkspace> {
  await mkdir(job.home, { mode: 0o700 })
  if (inputsOf(job.attempt) !== null) await fetchInputs(job.attempt, signal)
  const kept = keptWork(job.attempt)
  const opened = (kept === null ? null : await openKept(job, kept, signal)) ?? {
    ...(await openFresh(job, signal)),
    kept: null,
  }
  reportNotes(job, opened.workspace.notes)
  return opened
}

async function openFresh(
  job: CodeJob,
  signal: AbortSignal,
): Promise<Omit<OpenedWorkspace, 'kept'>> {
  const [workspace, session] = await allEnded([
    prepare(job, continuation(job, signal), signal),
    continuedSession(job, signal),
  ])
  return { workspace, session }
}

/**
 * Opens the workspace with the work of an earlier attempt. Returns null if the work cannot be
 * restored, for example because the remote no longer has the commit from which the work started.
 */
async function openKept(
  job: CodeJob,
  kept: KeptWork,
  signal: AbortSignal,
): Promise<OpenedWorkspace | null> {
  try {
    const [workspace, session] = await allEnded([
      prepare(job, keptChange(job, kept, signal), signal),
      keptSession(job, kept, signal),
    ])
    return { workspace, kept, session }
  } catch (error) {
    if (!isUnrestorable(error)) throw error
    // The earlier attempt's session may already be unpacked in the HOME folder, so clear the folder.
    await rm(job.home, { recursive: true, force: true })
    await mkdir(job.home, { mode: 0o700 })
    const text = `The work of attempt ${kept.attempt} cannot be restored, so the agent starts over: ${error.message}`
    reportNotes(job, [{ code: 'work-not-found', text }])
    return null
  }
}

function isUnrestorable(error: unknown): error is Error {
  if (error instanceof StepFailed) {
    return error.reason === 'ref-not-found' || error.reason === 'workspace-failed'
  }
  return isAppError(error, 'artifact-not-found') || isAppError(error, 'artifact-corrupt')
}

async function prepare(
  { attempt, payload, tools }: CodeJob,
  continues: Continues | null,
  signal: AbortSignal,
): Promise<RepositoryWorkspace> {
  const { ref: _, ...checkout } = payload.checkout
  const { folder } = attempt
  const { repository } = payload
  return await prepareWorkspace(
    { folder, repository, ref: refOf(payload), checkout, continues, settings: tools.git },
    signal,
  )
}

type Continues = NonNullable<WorkspaceRequest['continues']>

const keptChange = ({ attempt }: CodeJob, kept: KeptWork, signal: AbortSignal): Continues => ({
  from: kept.change,
  fetch: async (name, file) => {
    const artifact = name === PATCH ? artifactName(kept, PATCH) : name
    await attempt.report.fetchKept(kept.attempt, artifact, file, signal)
  },
})

/**
 * Restores the session of an earlier attempt and returns the session's id. Returns null if there is
 * no session, or if the agent has no turn left in which to use it. In the second case, the session
 * remains an artifact that a follow-up can restore.
 */
async function keptSession(
  { attempt, home, payload }: CodeJob,
  kept: KeptWork,
  signal: AbortSignal,
): Promise<string | null> {
  const isLast = payload.checks.length === 0 || kept.iteration >= iterationsOf(payload)
  if (kept.session === null || (kept.summary !== null && isLast)) return null
  const file = join(attempt.folder, `kept-${SESSION}`)
  await attempt.report.fetchKept(kept.attempt, artifactName(kept, SESSION), file, signal)
  await unpackSession(file, home)
  return kept.session
}

/** What a follow-up starts from: the published commit or, if nothing was published, the kept change. */
function continuation({ attempt }: CodeJob, signal: AbortSignal): Continues | null {
  const { continues } = attempt.earlier
  if (continues === null) return null
  const published = branchOfPublication(continues.publication)
  if (published !== null) return { commit: published.commit }
  return {
    from: continues.artifacts.map(({ name }) => name),
    fetch: (...what) => attempt.report.fetchContinued(...what, signal),
  }
}

/**
 * Restores the session that a follow-up continues, and returns the session's id. Returns null if this
 * job is not a follow-up, or if the agent needs session files but the earlier job kept none.
 */
async function continuedSession(
  { attempt, driver, home }: CodeJob,
  signal: AbortSignal,
): Promise<string | null> {
  const { continues } = attempt.earlier
  if (continues === null) return null
  if (!continues.artifacts.some(({ name }) => name === SESSION)) {
    return driver.sessionFiles.length === 0 ? continues.session : null
  }
  const file = join(attempt.folder, `continued-${SESSION}`)
  await attempt.report.fetchContinued(SESSION, file, signal)
  await unpackSession(file, home)
  return continues.session
}
