import type { AgentEnd } from '../../domain/agent.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { StepFailed, Stopped } from '../../domain/stop.ts'
import { clip } from '../../domain/text.ts'
import { findPublished } from '../../publish/branch.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CodeJob } from './code-job.ts'
import { keepUnfinishedWork, keepWork } from './keep-work.ts'
import { openWorkspace } from './open-workspace.ts'
import { publish, published } from './publish.ts'
import { runAgent } from './run-agent.ts'
import { runChecks } from './run-checks.ts'

const SUMMARY_MAX = 16_384

/** The story of a code job. Whether the agent succeeded is read from the workspace. */
export async function runCode(job: CodeJob, signal: AbortSignal): Promise<Outcome> {
  const { attempt } = job
  const target = { repository: job.payload.repository, intents: attempt.lease.intents }
  const earlier = await findPublished(target, job.tools.git, signal)
  if (earlier !== null) return published(job, earlier, { detail: 'by an earlier attempt' })

  const workspace = await attempt.step('workspace', () => openWorkspace(job, signal))
  return await keepingWork(job, workspace, async () => {
    const end = await attempt.step('agent', () => runAgent(job, workspace, signal))
    const change = await attempt.step('diff', () => keepWork(job, workspace, signal))
    if (!change.changed) return judgeNoChange(end)
    if (end.kind === 'failed' && job.payload.checks.length === 0) throw failureOf(end)
    if (job.payload.checks.length > 0) {
      await attempt.step('checks', () => runChecks(job, workspace, signal))
    }
    const work = { workspace, change, summary: summaryOf(end) }
    return await attempt.step('publish', () => publish(job, work, signal))
  })
}

/** Runs the rest of the story; when it is stopped on the way, the work so far is kept. */
async function keepingWork(
  job: CodeJob,
  workspace: Workspace,
  rest: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await rest()
  } catch (error) {
    const isLate = error instanceof Stopped && error.why.kind !== 'lost'
    if (isLate) await keepUnfinishedWork(job, workspace)
    throw error
  }
}

function judgeNoChange(end: AgentEnd): Outcome {
  if (end.kind === 'failed') throw failureOf(end)
  if (end.exitCode !== 0) {
    const words = end.summary === '' ? '' : `: ${end.summary}`
    throw new StepFailed(
      'agent-failed',
      `the agent changed nothing and ended with exit code ${end.exitCode}${words}`,
    )
  }
  return {
    kind: 'succeeded',
    reason: 'no-change',
    detail: '',
    publication: { kind: 'none' },
    summary: summaryOf(end),
  }
}

const failureOf = (end: Extract<AgentEnd, { kind: 'failed' }>): StepFailed =>
  new StepFailed(end.reason, end.detail)

const summaryOf = (end: AgentEnd): string =>
  clip(end.kind === 'done' ? end.summary : end.detail, SUMMARY_MAX)
