import type { Outcome } from '../../domain/outcome.ts'
import { StepFailed, Stopped } from '../../domain/stop.ts'
import { type Approval, approve } from '../../domain/verdict.ts'
import { branchTargetOf } from '../../publish/branch.ts'
import { findPublished } from '../../publish/publish-once.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CodeJob } from './code-job.ts'
import { takeUnfinishedWork } from './take-work.ts'
import { discardWork } from './work-checkpoint.ts'
import { type Made, makeChange } from './make-change.ts'
import { openWorkspace } from './open-workspace.ts'
import { publish, published } from './publish.ts'
import { runChecks } from './run-checks.ts'

/** The story of a code job. */
export async function runCode(job: CodeJob, signal: AbortSignal): Promise<Outcome> {
  const { attempt } = job
  const { repository } = job.payload
  const earlier = await findPublished(
    attempt.earlier.intents,
    (intent) => branchTargetOf(intent, repository, job.tools.git),
    signal,
  )
  if (earlier !== null) return published(job, earlier, { detail: 'by an earlier attempt' })

  const opened = await attempt.step('workspace', () => openWorkspace(job, signal))
  const { workspace } = opened
  const made = await keepingWork(job, workspace, () => makeChange(job, opened, signal))
  if ('outcome' in made) return made.outcome
  const approval = await checkWork(job, { workspace, tree: made.change.tree }, signal)
  const work = { workspace, ...made, approval }
  return await attempt.step('publish', () => publish(job, work, signal))
}

/** When the work is stopped on its way, what there is of it is kept. Checks may leave what is none. */
async function keepingWork(
  job: CodeJob,
  workspace: Workspace,
  work: () => Promise<Made>,
): Promise<Made> {
  try {
    return await work()
  } catch (error) {
    const isLate = error instanceof Stopped && error.why.kind !== 'lost'
    if (isLate) await takeUnfinishedWork(job, workspace)
    throw error
  }
}

/** Work that does not pass is not gone on with: another attempt may do better. */
async function checkWork(
  job: CodeJob,
  judged: { readonly workspace: Workspace; readonly tree: string },
  signal: AbortSignal,
): Promise<Approval> {
  const { attempt, payload } = job
  if (payload.checks.length === 0) return approve(judged.tree, [], [])
  try {
    const verdicts = await attempt.step('checks', () => runChecks(job, judged, signal))
    const names = payload.checks.map(({ name }) => name)
    return approve(judged.tree, names, verdicts)
  } catch (error) {
    if (error instanceof StepFailed && error.reason === 'check-failed') await discardWork(attempt)
    throw error
  }
}
