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
  { prompt, session }: PlannedTurn,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { attempt, driver } = agent
  attempt.report.tell({ type: 'agent-started', agent: driver.name })
  write(attempt, { type: 'prompt', text: prompt })
  const reportSession = sessionReporter(attempt)
  const end = await attempt.watched((alive) =>
    driver.run(
      agent.task({ prompt, session }),
      {
        launch: attempt.launch,
        onUpdate: (update) => {
          alive()
          if (update.type === 'session') reportSession(update.session)
          log(attempt, update)
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

function log(attempt: Attempt, update: AgentUpdate): void {
  if (update.type === 'output') attempt.report.log('output', update.text)
  else write(attempt, update)
}

const write = (attempt: Attempt, said: Said): void =>
  attempt.report.log('transcript', transcriptLine(said, attempt.now()))
