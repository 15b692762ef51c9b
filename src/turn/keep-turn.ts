import { rm } from 'node:fs/promises'
import { EVENT_TEXT_MAX } from '../domain/event.ts'
import { isLeaseLost, StepFailed, Stopped } from '../domain/stop.ts'
import { clip } from '../domain/text.ts'
import { allEnded } from '../platform/all-ended.ts'
import type { AgentWork, FinishedTurn, TakenWork } from './agent-work.ts'
import { artifactName, type KeptTurn } from './kept-turn.ts'
import type { RunningTurn, UnfinishedTurn } from './running-turn.ts'
import { packedSession, SESSION, SESSION_TYPE } from './session.ts'

export type Taken<Work extends TakenWork> = {
  readonly work: Work
  /** Path of the archive with the agent's session files, or null if they could not be archived. */
  readonly archive: string | null
}

const DEFAULT_NAMES = { aside: false, iteration: 1 }

/** Reads the agent's work and keeps it as artifacts, so that it survives a later failure. */
export async function takeWork<Work extends TakenWork>(
  agent: AgentWork<Work>,
  signal: AbortSignal,
): Promise<Taken<Work>> {
  const [work, archive] = await allEnded([agent.take(signal), packedSession(agent)])
  const taken = { work, archive }
  keep(agent, taken, DEFAULT_NAMES)
  return taken
}

/**
 * Records the turn in a checkpoint. A later attempt continues from the checkpoint instead of
 * repeating the turn.
 */
export async function recordTurn<Work extends TakenWork>(
  agent: AgentWork<Work>,
  { work, archive }: Taken<Work>,
  turn: UnfinishedTurn,
): Promise<KeptTurn> {
  const record: KeptTurn = {
    ...turn,
    attempt: agent.attempt.number,
    aside: false,
    session: archive === null ? null : turn.session,
  }
  await agent.record(work, record)
  return record
}

/**
 * Keeps a finished turn's artifacts again, under turn-specific names, and records the turn again.
 * The next turn overwrites the artifacts that have default names. Without the second copy, the
 * finished turn would be lost if the attempt died before the next turn was recorded. Then removes
 * the finished turn's local files, so that many turns need only the disk space of one.
 */
export async function setAside<Work extends TakenWork>(
  agent: AgentWork<Work>,
  { work, own }: FinishedTurn<Work>,
): Promise<void> {
  // If an earlier attempt made this turn, its artifacts are safe: this attempt cannot overwrite
  // them.
  if (own === null) return
  const record = { ...own.record, aside: true }
  keep(agent, { work, archive: own.archive }, record)
  if (!(await agent.record(work, record))) return
  await agent.forget(work)
  if (own.archive !== null) await rm(own.archive, { force: true })
}

/**
 * Runs a turn. If the turn is stopped for a reason other than a lost lease, saves the partial work
 * within the grace period, so that the next attempt continues from it. Rethrows the turn's error.
 */
export async function keepingUnfinished<Work extends TakenWork, Value>(
  agent: AgentWork<Work>,
  turn: RunningTurn,
  run: () => Promise<Value>,
): Promise<Value> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Stopped && !isLeaseLost(error)) await takeUnfinished(agent, turn)
    throw error
  }
}

async function takeUnfinished<Work extends TakenWork>(
  agent: AgentWork<Work>,
  { unfinished }: RunningTurn,
): Promise<void> {
  const { attempt } = agent
  const grace = attempt.grace()
  try {
    await recordTurn(agent, await takeWork(agent, grace), unfinished)
  } catch (error) {
    if (!grace.aborted && !(error instanceof StepFailed)) throw error
    const why =
      error instanceof StepFailed
        ? error.detail
        : 'the grace period ended before the work could be saved'
    const text = clip(why, EVENT_TEXT_MAX)
    attempt.report.tell({ type: 'note', code: 'work-not-kept', text })
  }
}

function keep<Work extends TakenWork>(
  agent: AgentWork<Work>,
  { work, archive }: Taken<Work>,
  names: Pick<KeptTurn, 'aside' | 'iteration'>,
): void {
  const nameOf = (name: string): string => artifactName(names, name)
  agent.keep(work, nameOf)
  if (archive === null) return
  agent.attempt.report.keep({ name: nameOf(SESSION), mediaType: SESSION_TYPE, file: archive })
}
