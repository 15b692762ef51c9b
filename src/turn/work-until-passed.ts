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
 * Runs the agent and checks its work. If a check fails, gives the findings to the agent in the same
 * session, and repeats until all checks pass. Work without changes is checked too. Throws
 * StepFailed `check-failed` if no turns are left, or if the agent received findings and then
 * changed nothing. Also throws the agent's own failure.
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

/** Runs the checks. Throws `check-failed` if a check failed and no turns are left. */
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
    throw checkFailed(failed, leadOf(work, iterations))
  })
}

/**
 * Returns the sentence that precedes the findings when a job fails because no turns are left.
 * Returns an empty string if the agent had only one turn and its work has changes.
 */
function leadOf({ changed }: TakenWork, turns: number): string {
  const after = turns === 1 ? '' : ` after ${turns} turns of the agent`
  if (!changed) return `The work has no changes${after}, and it does not pass its checks.`
  return after === '' ? '' : `The work did not pass its checks${after}.`
}

/**
 * Discards files written by checks, so that the next turn starts with exactly the last turn's work.
 */
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
  prompt: agent.findingsPrompt(failed, { session, changed: work.changed }),
  session,
  answers: {
    tree: work.tree,
    failed: failed.map((verdict) => ({ check: verdict.check, findings: verdict.findings })),
  },
})
