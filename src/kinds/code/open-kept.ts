import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAppError } from '../../domain/errors.ts'
import { StepFailed } from '../../domain/stop.ts'
import { allEnded } from '../../platform/all-ended.ts'
import { artifactName } from '../../turn/kept-turn.ts'
import { SESSION } from '../../turn/session.ts'
import { unpackSession } from '../../turn/session-files.ts'
import { PATCH } from '../../workspace/change-artifacts.ts'
import type { KeptChange } from '../../workspace/earlier-change.ts'
import { type CodeJob, reportNotes } from './code-job.ts'
import type { Opened } from './opened-workspace.ts'
import { iterationsOf } from './payload.ts'
import { prepare } from './prepare.ts'
import type { KeptWork } from './work-checkpoint.ts'

/**
 * Opens the workspace with the work of an earlier attempt. Returns null if the work cannot be
 * restored, for example because the remote no longer has the commit from which the work started.
 */
export async function openKept(
  job: CodeJob,
  kept: KeptWork,
  signal: AbortSignal,
): Promise<Opened | null> {
  try {
    const [workspace, session] = await allEnded([
      prepare(job, keptChange(job, kept, signal), signal),
      keptSession(job, kept, signal),
    ])
    return { workspace, session }
  } catch (error) {
    if (!isUnrestorable(error)) throw error
    // The earlier attempt's session may already be unpacked in the HOME folder, so clear the
    // folder.
    await rm(job.home, { recursive: true, force: true })
    await mkdir(job.home, { mode: 0o700 })
    const text = `The work of attempt ${kept.attempt} cannot be restored, so the agent starts over: ${error.message}`
    reportNotes(job, [{ code: 'work-not-found', text }])
    return null
  }
}

const UNRESTORABLE: ReadonlySet<string> = new Set([
  'ref-not-found',
  'workspace-failed',
  'change-conflicts',
])

function isUnrestorable(error: unknown): error is Error {
  if (error instanceof StepFailed) return UNRESTORABLE.has(error.reason)
  return isAppError(error, 'artifact-not-found') || isAppError(error, 'artifact-corrupt')
}

const keptChange = ({ attempt }: CodeJob, kept: KeptWork, signal: AbortSignal): KeptChange => ({
  from: kept.change,
  fetch: async (name, file) => {
    // Setting a turn aside renames only its patch. Salvage renames every file.
    const isRenamed = name === PATCH || kept.salvaged === true
    const artifact = isRenamed ? artifactName(kept, name) : name
    await attempt.report.fetchKept(kept.attempt, artifact, file, signal)
  },
})

/**
 * Restores the session of an earlier attempt and returns the session's id. Returns null if there is
 * no session, or if the agent has no turn left. If no turn is left, the session remains an artifact
 * that a follow-up can restore.
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
