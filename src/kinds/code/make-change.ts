import type { AgentPlace } from '../../domain/agent.ts'
import { StepFailed } from '../../domain/stop.ts'
import type { AgentWork, FinishedTurn, PlannedTurn } from '../../turn/agent-work.ts'
import { type Made, workUntilPassed } from '../../turn/work-until-passed.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import type { Change } from '../../workspace/change.ts'
import { restoreTree } from '../../workspace/restore-tree.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CodeJob, inputFolders } from './code-job.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { iterationsOf } from './payload.ts'
import { firstPrompt } from './earlier-prompt.ts'
import { findingsPrompt } from './prompt.ts'
import { runChecks } from './run-checks.ts'
import { forgetChange, keepChange, takeChange } from './take-work.ts'
import { discardWork, recordWork } from './work-checkpoint.ts'

/**
 * Runs turns of the agent until all checks pass. Continues the work of an earlier attempt, if there
 * is any. Throws StepFailed `check-failed` if a check still fails and no turns are left.
 */
export async function makeChange(
  job: CodeJob,
  opened: OpenedWorkspace,
  signal: AbortSignal,
): Promise<Made<Change>> {
  const agent = agentWork(job, opened.workspace)
  const begun = (await finishedTurn(job, opened, signal)) ?? firstTurn(job, opened)
  return await workUntilPassed(agent, begun, signal)
}

const agentWork = (job: CodeJob, workspace: Workspace): AgentWork<Change> => ({
  attempt: job.attempt,
  driver: job.driver,
  place: placeOf(job, workspace),
  iterations: iterationsOf(job.payload),
  take: (signal) => takeChange(job, workspace, signal),
  keep: (change, nameOf) => keepChange(job, change, nameOf),
  record: (change, turn) => recordWork(job.attempt, change, turn),
  forget: forgetChange,
  check:
    job.payload.checks.length === 0
      ? null
      : ({ tree }, iteration, signal) => runChecks(job, { workspace, tree, iteration }, signal),
  restore: ({ tree }, signal) => restoreTree(workspace, tree, signal),
  findingsPrompt: (failed, judged) => findingsPrompt(job, failed, judged),
})

const placeOf = ({ attempt, home }: CodeJob, workspace: Workspace): AgentPlace => ({
  tree: workspace.tree,
  home,
  door: attempt.door,
  inputs: inputsOf(attempt),
  readable: [workspace.objects, ...inputFolders(attempt)],
})

/** The first turn of this attempt, which may continue a turn of an earlier attempt. */
const firstTurn = (job: CodeJob, opened: OpenedWorkspace): PlannedTurn => ({
  iteration: opened.kept?.iteration ?? 1,
  prompt: firstPrompt(job, opened),
  session: opened.session,
  answers: opened.kept?.answers ?? null,
})

/**
 * The turn that an earlier attempt finished; null if there is none. If the restored work does not
 * match its recorded tree, throws StepFailed `workspace-failed`, and the next attempt starts over.
 */
async function finishedTurn(
  job: CodeJob,
  { workspace, kept, session }: OpenedWorkspace,
  signal: AbortSignal,
): Promise<FinishedTurn<Change> | null> {
  if (kept === null || kept.summary === null) return null
  const work = await job.attempt.step('diff', () => takeChange(job, workspace, signal))
  if (work.tree === kept.change.tree) {
    keepChange(job, work, (name) => name)
    return { iteration: kept.iteration, work, summary: kept.summary, session, own: null }
  }
  await discardWork(job.attempt)
  throw new StepFailed(
    'workspace-failed',
    'the restored work of an earlier attempt does not match its recorded tree',
  )
}
