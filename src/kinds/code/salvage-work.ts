import type { FileArtifact, LeftAttempt, LeftWork } from '../../domain/attempt.ts'
import { type BegunTurn, readBegunTurn } from '../../turn/running-turn.ts'
import { packInto, SESSION, SESSION_TYPE } from '../../turn/session.ts'
import type { Change } from '../../workspace/change.ts'
import type { GitSettings } from '../../workspace/git.ts'
import { takeTree } from '../../workspace/take-tree.ts'
import { findWorkspace } from '../../workspace/workspace.ts'
import { homeOf } from './code-job.ts'
import { workCheckpoint } from './work-checkpoint.ts'

/**
 * Reads the change and the agent's session from the folder of an attempt whose worker died. If the
 * agent was running when the worker died, also returns a checkpoint, so that the next attempt
 * continues the turn. Otherwise, a check may have written some of the files, so people can read the
 * change but no attempt continues from it. Throws StepFailed.
 */
export async function salvageWork(
  { folder, marker }: LeftAttempt,
  git: GitSettings,
  signal: AbortSignal,
): Promise<LeftWork> {
  const workspace = await findWorkspace(folder, { ...git, marker })
  if (workspace === null) return { files: [], checkpoint: null }
  const change = await takeTree(workspace, signal)
  const turn = await readBegunTurn(folder)
  if (turn === null) return { files: change.changed ? change.artifacts : [], checkpoint: null }
  const session = await salvageSession(folder, turn)
  const files = [...change.artifacts, ...(session === null ? [] : [session])]
  return { files, checkpoint: checkpointOf(turn, change, session !== null) }
}

async function salvageSession(folder: string, turn: BegunTurn): Promise<FileArtifact | null> {
  const file =
    turn.session === null ? null : await packInto(folder, homeOf(folder), turn.sessionFiles)
  return file === null ? null : { name: SESSION, mediaType: SESSION_TYPE, file }
}

function checkpointOf(
  { attempt, iteration, session, answers }: BegunTurn,
  { record }: Change,
  hasSession: boolean,
): LeftWork['checkpoint'] {
  if (record === null) return null
  return workCheckpoint(record, {
    attempt,
    iteration,
    aside: false,
    salvaged: true,
    session: hasSession ? session : null,
    summary: null,
    answers,
  })
}
