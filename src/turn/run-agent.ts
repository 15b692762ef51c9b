import type { AgentEnd, AgentUpdate } from '../domain/agent.ts'
import type { Attempt } from '../domain/attempt.ts'
import { SESSION_MAX } from '../domain/event.ts'
import type { AgentWork, PlannedTurn, TakenWork } from './agent-work.ts'
import { type TranscriptEntry, transcriptLine } from './transcript.ts'

/** Maximum number of session events per run. A well-behaved agent has one session. */
const SESSIONS_MAX = 8

/**
 * Runs one turn of the agent. Logs every update from the agent. Each update also restarts the idle
 * timeout.
 * @param onSession is called with the id of each new session that a later turn can continue
 */
export async function runAgent<Work extends TakenWork>(
  agent: AgentWork<Work>,
  turn: PlannedTurn,
  onSession: (session: string) => void,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { attempt, driver, place } = agent
  attempt.report.tell({ type: 'agent-started', agent: driver.name })
  const log = logger(attempt, turn)
  const reportSession = sessionReporter(attempt, onSession)
  const end = await attempt.watched((alive) =>
    driver.run(
      turn,
      place,
      {
        launch: attempt.launch,
        onUpdate: (update) => {
          alive()
          if (update.type === 'session') reportSession(update.session)
          log(update)
        },
      },
      signal,
    ),
  )
  return canContinue(end.session) ? end : { ...end, session: null }
}

/** Whether a session id is short enough to be recorded and continued. Real agents use short ids. */
const canContinue = (session: string | null): boolean => (session?.length ?? 0) <= SESSION_MAX

/**
 * Returns a function that reports each new session as an event. Reports at most SESSIONS_MAX, so
 * that an agent cannot fill the memory in which unsent events are kept.
 */
function sessionReporter(
  { report }: Attempt,
  onSession: (session: string) => void,
): (session: string) => void {
  let last = ''
  let left = SESSIONS_MAX
  return (session) => {
    if (session === last || left === 0 || !canContinue(session)) return
    last = session
    left -= 1
    onSession(session)
    report.tell({ type: 'agent-session', session })
  }
}

/**
 * Returns a function that logs updates. Also logs the prompt: immediately if the turn must fix
 * failed checks, and otherwise before the first update that is not raw output. If the agent prints
 * only raw output, the job needs no transcript.
 */
function logger(attempt: Attempt, { prompt, answers }: PlannedTurn): (update: AgentUpdate) => void {
  const { report } = attempt
  const write = (entry: TranscriptEntry): void =>
    report.log('transcript', transcriptLine(entry, attempt.now()))
  let isWritten = false
  const writePrompt = (): void => {
    if (!isWritten) write({ type: 'prompt', text: prompt })
    isWritten = true
  }
  if (answers !== null) writePrompt()
  return (update) => {
    if (update.type === 'output') return report.log('output', update.text)
    writePrompt()
    write(update)
  }
}
