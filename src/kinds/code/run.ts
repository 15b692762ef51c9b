import type { Outcome } from '../../domain/outcome.ts'
import { StepFailed } from '../../domain/stop.ts'
import { clip } from '../../domain/text.ts'
import { approve } from '../../domain/verdict.ts'
import { branchTargetOf } from '../../publish/branch.ts'
import { findPublished } from '../../publish/publish-once.ts'
import { hostOf } from '../../workspace/host.ts'
import type { CodeJob } from './code-job.ts'
import { makeChange } from './make-change.ts'
import { openWorkspace } from './open-workspace.ts'
import { publish, published } from './publish.ts'

/** Runs a code job: opens the workspace, runs agent and checks, and publishes the change. */
export async function runCode(job: CodeJob, signal: AbortSignal): Promise<Outcome> {
  const { attempt, payload } = job
  const earlier = await findPublished(
    attempt.earlier.intents,
    (intent) => branchTargetOf(intent, payload.repository, job.tools.git),
    signal,
  )
  const host = hostOf(payload.repository)
  const reachedHost = (): void => {
    if (host !== null) attempt.reached(host.key)
  }
  if (earlier !== null) {
    reachedHost()
    return published(job, earlier, { detail: 'an earlier attempt published the work' })
  }

  const opened = await attempt.step('workspace', () => openWorkspace(job, signal))
  attempt.report.tell({ type: 'base', revision: opened.workspace.base.commit })
  reachedHost()
  const made = await makeChange(job, opened, signal)
  if ('outcome' in made) return made.outcome
  const { work: change, verdicts, summary } = made
  if (!change.changed) return withoutChange(job, summary)
  const checks = payload.checks.map(({ name }) => name)
  const approval = approve(change.tree, checks, verdicts)
  const work = { workspace: opened.workspace, change, summary, approval }
  return await attempt.step('publish', () => publish(job, work, signal))
}

/** Maximum length of the agent's last message in the detail of a job, in characters. */
const MESSAGE_MAX = 1000

/**
 * The outcome of a job whose agent changed nothing. The checks, if the job has any, have passed.
 * Throws StepFailed `change-expected` if the job requires a change.
 */
function withoutChange({ payload }: CodeJob, summary: string): Outcome {
  if (payload.expectChange === true) {
    const detail = summary === '' ? '' : `the agent’s last message: ${clip(summary, MESSAGE_MAX)}`
    throw new StepFailed('change-expected', detail)
  }
  return { kind: 'succeeded', reason: 'no-change', detail: '', publication: null, summary }
}
