import type { AgentEnd, ModelRefusal } from '../domain/agent.ts'
import { EVENT_TEXT_MAX } from '../domain/event.ts'
import { checkFailed } from '../domain/check-failed.ts'
import type { Outcome } from '../domain/outcome.ts'
import { StepFailed } from '../domain/stop.ts'
import { clip } from '../domain/text.ts'
import { failureOf, summaryOf } from './agent-end.ts'
import type { AgentWork, FinishedTurn, PlannedTurn, TakenWork } from './agent-work.ts'
import { keepingUnfinished, recordTurn, type Taken, takeWork } from './keep-turn.ts'
import { runAgent } from './run-agent.ts'
import { RunningTurn, type UnfinishedTurn } from './running-turn.ts'

/** A finished turn to check, or the outcome with which the attempt ends instead. */
export type TurnEnd<Work extends TakenWork> =
  | { readonly turn: FinishedTurn<Work> }
  | { readonly outcome: Outcome }

/** Runs one turn of the agent, then reads and records its work. Throws StepFailed. */
export async function takeTurn<Work extends TakenWork>(
  agent: AgentWork<Work>,
  plan: PlannedTurn,
  signal: AbortSignal,
): Promise<TurnEnd<Work>> {
  const { attempt } = agent
  const turn = beginTurn(agent, plan)
  return await keepingUnfinished(agent, turn, async () => {
    const onSession = (session: string): void => turn.sawSession(session)
    const end = await attempt.step('agent', () => runAgent(agent, plan, onSession, signal))
    const taken = await attempt.step('diff', () => takeWork(agent, signal))
    const failure = failureOf(end)
    const refusal = failure === null ? null : await attempt.refusal()
    if (failure !== null && refusal !== null && refusal.kind !== 'refused') {
      // A later attempt continues the turn.
      await recordTurn(agent, taken, unfinished(plan, end.session))
      return { outcome: waitFor(refusal, failure.detail) }
    }
    const finished = await finish(agent, plan, { end, failure: because(refusal, end), taken })
    turn.end()
    return finished
  })
}

const beginTurn = <Work extends TakenWork>(
  { attempt, driver }: AgentWork<Work>,
  { iteration, session, answers }: PlannedTurn,
): RunningTurn =>
  new RunningTurn(attempt.folder, {
    attempt: attempt.number,
    iteration,
    session,
    answers,
    sessionFiles: [...driver.sessionFiles],
  })

/**
 * The outcome of a job that must wait for a model: paused until the model's quota resets, or
 * deferred until the model is reachable again.
 */
function waitFor(refusal: Exclude<ModelRefusal, { kind: 'refused' }>, cause: string): Outcome {
  const { closed } = refusal
  const detail = clip(cause, EVENT_TEXT_MAX)
  if (refusal.kind === 'unavailable') {
    return { kind: 'deferred', reason: 'model-unavailable', detail, closed }
  }
  return { kind: 'paused', reason: 'quota-exhausted', detail, resumeAt: refusal.until, closed }
}

/**
 * The agent's failure; null if the agent did not fail. If the agent reported the failure itself and
 * the model refused a request permanently, the refusal is the reason. If the agent's program only
 * exited with an error, the cause is unknown, so the refusal is not the reason.
 */
function because(refusal: ModelRefusal | null, end: AgentEnd): StepFailed | null {
  if (refusal?.kind !== 'refused' || end.kind !== 'failed') return failureOf(end)
  const isLogin = refusal.status === 401 || refusal.status === 403
  return new StepFailed(isLogin ? 'agent-login' : 'model-refused', end.detail)
}

const unfinished = (
  { iteration, answers }: PlannedTurn,
  session: string | null,
): UnfinishedTurn => ({ iteration, session, summary: null, answers })

type Ended<Work extends TakenWork> = {
  readonly end: AgentEnd
  readonly failure: StepFailed | null
  readonly taken: Taken<Work>
}

/**
 * Returns the finished turn. If the agent failed, records its work for the next attempt and throws
 * the failure. Exception: if the agent left new changes and the job has checks, reports the failure
 * as a note and returns the turn, so that the checks judge the changes.
 */
async function finish<Work extends TakenWork>(
  agent: AgentWork<Work>,
  plan: PlannedTurn,
  { end, failure, taken }: Ended<Work>,
): Promise<TurnEnd<Work>> {
  const { iteration, answers } = plan
  const { work, archive } = taken
  const isSame = work.tree === answers?.tree
  if (failure !== null && (agent.check === null || !work.changed || isSame)) {
    // After `agent-failed`, start a new session, because the old session may cause the same
    // failure.
    const session = failure.reason === 'agent-failed' ? null : end.session
    await recordTurn(agent, taken, unfinished(plan, session))
    throw failure
  }
  // The same tree would fail the same checks again.
  if (answers !== null && isSame) throw checkFailed(answers.failed, UNCHANGED)
  if (failure !== null) {
    const text = clip(failure.detail, EVENT_TEXT_MAX)
    agent.attempt.report.tell({ type: 'note', code: 'agent-failed', text })
  }
  const summary = summaryOf(end)
  const { session } = end
  const record = await recordTurn(agent, taken, { iteration, session, summary, answers: null })
  return { turn: { iteration, work, summary, session, own: { record, archive } } }
}

const UNCHANGED = 'The agent received the findings of the failed checks and changed nothing.'
