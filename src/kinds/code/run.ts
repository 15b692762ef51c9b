import type { Outcome } from '../../domain/outcome.ts'
import { StepFailed, Stopped } from '../../domain/stop.ts'
import { findPublished } from '../../publish/branch.ts'
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
  const target = { repository: job.payload.repository, intents: attempt.lease.intents }
  const earlier = await findPublished(target, job.tools.git, signal)
  if (earlier !== null) return published(job, earlier, { detail: 'by an earlier attempt' })

  const opened = await attempt.step('workspace', () => openWorkspace(job, signal))
  const { workspace } = opened
  const made = await keepingWork(job, workspace, () => makeChange(job, opened, signal))
  if ('outcome' in made) return made.outcome
  await checkWork(job, workspace, signal)
  const work = { workspace, ...made }
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
async function checkWork(job: CodeJob, workspace: Workspace, signal: AbortSignal): Promise<void> {
  const { attempt, payload } = job
  if (payload.checks.length === 0) return
  try {
    await attempt.step('checks', () => runChecks(job, workspace, signal))
  } catch (error) {
    if (error instanceof StepFailed && error.reason === 'check-failed') await discardWork(attempt)
    throw error
  }
}
