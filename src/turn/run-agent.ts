import type { AgentEnd, AgentUpdate } from '../domain/agent.ts'
import type { Attempt } from '../domain/attempt.ts'
import { SESSION_MAX } from '../domain/event.ts'
import type { AgentWork, PlannedTurn, TakenWork } from './agent-work.ts'
import { type TranscriptEntry, transcriptLine } from './transcript.ts'

/** Most session events of one run; a well-behaved agent has one session. */
const SESSIONS_MAX = 8

/** Runs the agent. Logs every update and counts it as progress for the idle limit. */
export async function runAgent<Work extends TakenWork>(
  agent: AgentWork<Work>,
  turn: PlannedTurn,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { attempt, driver, place } = agent
  attempt.report.tell({ type: 'agent-started', agent: driver.name })
  const log = logger(attempt, turn)
  const reportSession = sessionReporter(attempt)
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

/** Whether a session may be recorded and continued: real agents have short session ids. */
const canContinue = (session: string | null): boolean => (session?.length ?? 0) <= SESSION_MAX

/** Reports each new session, up to SESSIONS_MAX, because events wait in memory until they are sent. */
function sessionReporter({ report }: Attempt): (session: string) => void {
  let last = ''
  let left = SESSIONS_MAX
  return (session) => {
    if (session === last || left === 0 || !canContinue(session)) return
    last = session
    left -= 1
    report.tell({ type: 'agent-session', session })
  }
}

/**
 * Logs updates after the prompt. The first prompt is written only together with an update: the job
 * contains it already, and an agent with nothing but raw output needs no transcript.
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
