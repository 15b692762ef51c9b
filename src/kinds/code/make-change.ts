import type { AgentEnd } from '../../domain/agent.ts'
import { type Outcome, SUMMARY_MAX } from '../../domain/outcome.ts'
import { StepFailed } from '../../domain/stop.ts'
import { clip } from '../../domain/text.ts'
import type { Change } from '../../workspace/change.ts'
import type { CodeJob } from './code-job.ts'
import { type Taken, takeWork } from './take-work.ts'
import { discardWork, recordWork } from './work-checkpoint.ts'
import type { OpenedWorkspace } from './open-workspace.ts'
import { runAgent } from './run-agent.ts'

/** A change to be checked and published, with the agent's last words; or how the attempt ends without one. */
export type Made =
  | { readonly change: Change; readonly summary: string }
  | { readonly outcome: Outcome }

/** Lets the agent work, unless an earlier attempt has its finished work already. */
export async function makeChange(
  job: CodeJob,
  opened: OpenedWorkspace,
  signal: AbortSignal,
): Promise<Made> {
  const { attempt } = job
  const summary = opened.kept?.summary ?? null
  if (summary !== null) return { change: await takeKept(job, opened, signal), summary }
  const end = await attempt.step('agent', () => runAgent(job, opened, signal))
  const taken = await attempt.step('diff', () => takeWork(job, opened.workspace, signal))
  return (await pauseFor(job, end, taken)) ?? (await judge(job, end, taken))
}

/** Throws `workspace-failed` when the work did not come out as it was; the next attempt starts anew. */
async function takeKept(
  job: CodeJob,
  { workspace, kept }: OpenedWorkspace,
  signal: AbortSignal,
): Promise<Change> {
  const { change } = await job.attempt.step('diff', () => takeWork(job, workspace, signal))
  if (change.tree === kept?.tree) return change
  await discardWork(job.attempt)
  throw new StepFailed('workspace-failed', 'the work of an earlier attempt came out otherwise')
}

/** Whether the agent succeeded is read from the workspace. */
async function judge(job: CodeJob, end: AgentEnd, taken: Taken): Promise<Made> {
  const { change } = taken
  if (!change.changed) return { outcome: judgeNoChange(end) }
  if (end.kind === 'failed' && job.payload.checks.length === 0) throw failureOf(end)
  const summary = summaryOf(end)
  await recordWork(job.attempt, taken, { session: end.session, summary })
  return { change, summary }
}

/** A model that says when it will answer again ends the attempt until then; what was made is kept. */
async function pauseFor(job: CodeJob, end: AgentEnd, taken: Taken): Promise<Made | null> {
  if (end.kind !== 'failed') return null
  const resumeAt = (await job.attempt.refusal())?.until ?? null
  if (resumeAt === null) return null
  await recordWork(job.attempt, taken, { session: end.session, summary: null })
  return {
    outcome: { kind: 'paused', reason: 'quota-exhausted', detail: end.detail, resumeAt },
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
