import { checkFailed } from '../domain/check-failed.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { AgentWork, FinishedTurn, PlannedTurn, TakenWork } from './agent-work.ts'
import { setAside } from './keep-turn.ts'
import { takeTurn, type TurnEnd } from './take-turn.ts'

/** Work that passed all checks, or the outcome with which the attempt ends instead. */
export type Made<Work extends TakenWork> =
  | {
      readonly work: Work
      readonly verdicts: readonly Verdict[]
      /** The agent's final message. */
      readonly summary: string
    }
  | { readonly outcome: Outcome }

/**
 * Lets the agent work, checks the result, and gives the findings of failed checks to the agent, in
 * the same session, until all checks pass. Throws StepFailed: `check-failed` when no turn is left,
 * or when a turn changed nothing or reverted all changes; the agent's own failure otherwise.
 * @param begun the first turn of this attempt, or a finished turn of an earlier attempt
 */
export async function workUntilPassed<Work extends TakenWork>(
  agent: AgentWork<Work>,
  begun: PlannedTurn | FinishedTurn<Work>,
  signal: AbortSignal,
): Promise<Made<Work>> {
  let end: TurnEnd<Work> = 'work' in begun ? { turn: begun } : await takeTurn(agent, begun, signal)
  while ('turn' in end) {
    const { turn } = end
    const verdicts = await check(agent, turn, signal)
    const failed = failedIn(verdicts)
    if (failed.length === 0) return { work: turn.work, verdicts, summary: turn.summary }
    await restoreWork(agent, turn, signal)
    end = await takeTurn(agent, nextTurn(agent, turn, failed), signal)
  }
  return end
}

const failedIn = (verdicts: readonly Verdict[]): readonly Verdict[] =>
  verdicts.filter(({ passed }) => !passed)

/** Throws `check-failed` when a check failed and no turn is left. */
async function check<Work extends TakenWork>(
  { attempt, check: runChecks, iterations }: AgentWork<Work>,
  { work, iteration }: FinishedTurn<Work>,
  signal: AbortSignal,
): Promise<readonly Verdict[]> {
  if (runChecks === null) return []
  return await attempt.step('checks', async () => {
    const verdicts = await runChecks(work, iteration, signal)
    const failed = failedIn(verdicts)
    if (failed.length === 0 || iteration < iterations) return verdicts
    const lead =
      iterations === 1 ? '' : `The work did not pass its checks in ${iteration} turns of the agent.`
    throw checkFailed(failed, lead)
  })
}

/** Files that checks write are not part of the work: the next turn starts with what the last one left. */
async function restoreWork<Work extends TakenWork>(
  agent: AgentWork<Work>,
  turn: FinishedTurn<Work>,
  signal: AbortSignal,
): Promise<void> {
  await agent.attempt.step('restore', async () => {
    await agent.restore(turn.work, signal)
    await setAside(agent, turn)
  })
}

const nextTurn = <Work extends TakenWork>(
  agent: AgentWork<Work>,
  { work, iteration, session }: FinishedTurn<Work>,
  failed: readonly Verdict[],
): PlannedTurn => ({
  iteration: iteration + 1,
  prompt: agent.findingsPrompt(failed, session),
  session,
  answers: {
    tree: work.tree,
    failed: failed.map((verdict) => ({ check: verdict.check, findings: verdict.findings })),
  },
})
