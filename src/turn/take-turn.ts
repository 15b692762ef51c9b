import type { AgentEnd } from '../domain/agent.ts'
import { EVENT_TEXT_MAX } from '../domain/event.ts'
import { checkFailed } from '../domain/check-failed.ts'
import type { Outcome } from '../domain/outcome.ts'
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
    const paused = await pause(agent, plan, end, taken)
    if (paused !== null) return paused
    const finished = await finish(agent, plan, end, taken)
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
 * Pauses the job if the model refuses requests until a known time; a later attempt then continues the
 * turn. Returns null if there is no reason to pause.
 */
async function pause<Work extends TakenWork>(
  agent: AgentWork<Work>,
  plan: PlannedTurn,
  end: AgentEnd,
  taken: Taken<Work>,
): Promise<TurnEnd<Work> | null> {
  if (end.kind !== 'failed') return null
  const resumeAt = (await agent.attempt.refusal())?.until ?? null
  if (resumeAt === null) return null
  await recordTurn(agent, taken, unfinished(plan, end.session))
  return {
    outcome: { kind: 'paused', reason: 'quota-exhausted', detail: end.detail, resumeAt },
  }
}

const unfinished = (
  { iteration, answers }: PlannedTurn,
  session: string | null,
): UnfinishedTurn => ({ iteration, session, summary: null, answers })

/**
 * Returns the finished turn. If the agent failed, records its work for the next attempt and throws the
 * failure. But if the agent left new changes and the job has checks to judge them, only reports the
 * failure as a note.
 */
async function finish<Work extends TakenWork>(
  agent: AgentWork<Work>,
  plan: PlannedTurn,
  end: AgentEnd,
  taken: Taken<Work>,
): Promise<TurnEnd<Work>> {
  const { iteration, answers } = plan
  const { work, archive } = taken
  const failure = failureOf(end)
  const isSame = work.tree === answers?.tree
  if (failure !== null && (agent.check === null || !work.changed || isSame)) {
    // An agent that failed by itself gets a new session, because the old one may make it fail again.
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
