import type { AgentEnd } from '../../domain/agent.ts'
import { type Outcome, SUMMARY_MAX } from '../../domain/outcome.ts'
import { StepFailed } from '../../domain/stop.ts'
import { clip } from '../../domain/text.ts'
import type { Change } from '../../workspace/change.ts'
import { type CodeJob, tellNotes } from './code-job.ts'
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
  if (change.tree === kept?.change.tree) return change
  await discardWork(job.attempt)
  throw new StepFailed('workspace-failed', 'the work of an earlier attempt came out otherwise')
}

/** An agent's own word is not enough, neither way: checks decide where there are any, and what it changed. */
async function judge(job: CodeJob, end: AgentEnd, taken: Taken): Promise<Made> {
  const { change } = taken
  if (!change.changed) return { outcome: judgeNoChange(end) }
  const failure = failureOf(end)
  if (failure !== null && job.payload.checks.length === 0) throw failure
  if (failure !== null) tellNotes(job, [{ code: 'agent-failed', text: failure.detail }])
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
  const failure = failureOf(end)
  if (failure !== null) throw failure
  return {
    kind: 'succeeded',
    reason: 'no-change',
    detail: '',
    publication: null,
    summary: summaryOf(end),
  }
}

/** What the agent itself calls a failure; null for none. */
function failureOf(end: AgentEnd): StepFailed | null {
  if (end.kind === 'failed') return new StepFailed(end.reason, end.detail)
  if (end.exitCode === 0) return null
  const words = end.summary === '' ? '' : `: ${end.summary}`
  return new StepFailed('agent-failed', `the agent ended with exit code ${end.exitCode}${words}`)
}

const summaryOf = (end: AgentEnd): string =>
  clip(end.kind === 'done' ? end.summary : end.detail, SUMMARY_MAX)
