import type { AgentEnd, AgentUpdate } from '../domain/agent.ts'
import type { Attempt } from '../domain/attempt.ts'
import { SESSION_MAX } from '../domain/event.ts'
import type { AgentWork, PlannedTurn, TakenWork } from './agent-work.ts'
import { type Said, transcriptLine } from './transcript.ts'

/** Most session events of one run; an agent that behaves has one session. */
const SESSIONS_MAX = 8

/** Runs the agent. Every update is logged, and counts as a sign of life. */
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
  return isKept(end.session) ? end : { ...end, session: null }
}

/** A session with a longer name is never continued: honest agents have short names for theirs. */
const isKept = (session: string | null): boolean => (session?.length ?? 0) <= SESSION_MAX

/** Reports each new session, up to SESSIONS_MAX: events wait in memory until they are sent. */
function sessionReporter({ report }: Attempt): (session: string) => void {
  let last = ''
  let left = SESSIONS_MAX
  return (session) => {
    if (session === last || left === 0 || !isKept(session)) return
    last = session
    left -= 1
    report.tell({ type: 'agent-session', session })
  }
}

/**
 * Logs updates, behind the prompt. The first prompt of an agent that prints but says nothing is in
 * the job already, and not worth a transcript.
 */
function logger(attempt: Attempt, { prompt, answers }: PlannedTurn): (update: AgentUpdate) => void {
  const { report } = attempt
  const write = (said: Said): void => report.log('transcript', transcriptLine(said, attempt.now()))
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
