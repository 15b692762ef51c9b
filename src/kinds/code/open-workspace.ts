import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { unpackSession } from '../../agents/session-files.ts'
import { allEnded } from '../../platform/all-ended.ts'
import { prepareWorkspace, type WorkspaceRequest } from '../../workspace/prepare.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { PATCH, SESSION } from './artifacts.ts'
import { type CodeJob, tellNotes } from './code-job.ts'
import { refOf } from './payload.ts'

/** Checks the repository out; for a follow-up, as the earlier job left it, its session included. */
export async function openWorkspace(job: CodeJob, signal: AbortSignal): Promise<Workspace> {
  const { attempt, payload, tools, home } = job
  const { ref: _, ...checkout } = payload.checkout
  await mkdir(home, { mode: 0o700 })
  const [continues] = await allEnded([continuation(job), restoreSession(job)])
  const workspace = await prepareWorkspace(
    {
      folder: attempt.folder,
      repository: payload.repository,
      ref: refOf(payload),
      checkout,
      continues,
      settings: tools.git,
    },
    signal,
  )
  tellNotes(job, workspace.notes)
  return workspace
}

/** Where a follow-up goes on: at the published commit, else with the patch that was kept. */
async function continuation({ attempt }: CodeJob): Promise<WorkspaceRequest['continues']> {
  const { continues } = attempt.lease
  if (continues === null) return null
  if (continues.publication?.kind === 'branch') {
    return { commit: continues.publication.commit, patchFile: null }
  }
  if (!continues.artifacts.some(({ name }) => name === PATCH)) return null
  const patchFile = join(attempt.folder, `continued-${PATCH}`)
  await attempt.report.fetchContinued(PATCH, patchFile)
  return { commit: null, patchFile }
}

async function restoreSession({ attempt, home }: CodeJob): Promise<void> {
  const kept = attempt.lease.continues?.artifacts.some(({ name }) => name === SESSION)
  if (kept !== true) return
  const file = join(attempt.folder, `continued-${SESSION}`)
  await attempt.report.fetchContinued(SESSION, file)
  await unpackSession(file, home)
}
