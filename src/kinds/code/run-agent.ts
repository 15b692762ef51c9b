import type { AgentEnd, AgentUpdate } from '../../domain/agent.ts'
import { SESSION_MAX } from '../../domain/event.ts'
import { inputsOf } from '../../pipeline/fetch-inputs.ts'
import type { CodeJob } from './code-job.ts'
import type { OpenedWorkspace } from './open-workspace.ts'
import { GO_ON, promptFor } from './prompt.ts'
import { transcriptLine } from './transcript.ts'

/** Sessions that are told of one run; an honest agent has one. */
const SESSIONS_MAX = 8

/** Lets the agent work; everything it says is logged, and counts as a sign of life. */
export async function runAgent(
  job: CodeJob,
  { workspace, kept, session }: OpenedWorkspace,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { attempt, payload, driver, home } = job
  const { agent, test } = payload
  const inputs = inputsOf(attempt)
  attempt.report.tell({ type: 'agent-started', agent: driver.name })
  const tellSession = sessionTeller(job)
  const end = await attempt.watched((alive) =>
    driver.run(
      {
        // In a session that broke off the task is known.
        prompt: kept !== null && session !== null ? GO_ON : promptFor(payload, inputs),
        tree: workspace.tree,
        home,
        model: 'model' in agent ? (agent.model ?? null) : null,
        door: attempt.door,
        session,
        steps: attempt.work.limits.steps,
        run: 'run' in agent ? agent.run : null,
        test: test ?? null,
        readable: inputs === null ? [workspace.objects] : [workspace.objects, inputs],
      },
      {
        launch: attempt.launch,
        onUpdate: (update) => {
          alive()
          if (update.type === 'session') tellSession(update.session)
          note(job, update)
        },
      },
      signal,
    ),
  )
  return isKept(end.session) ? end : { ...end, session: null }
}

/** Another session is nobody's to go on with: honest agents have short names for theirs. */
const isKept = (session: string | null): boolean => (session?.length ?? 0) <= SESSION_MAX

/** Tells of each new session, but of no more than a few: what is told waits in memory to be sent. */
function sessionTeller({ attempt }: CodeJob): (session: string) => void {
  let last = ''
  let left = SESSIONS_MAX
  return (session) => {
    if (session === last || left === 0 || !isKept(session)) return
    last = session
    left -= 1
    attempt.report.tell({ type: 'agent-session', session })
  }
}

function note({ attempt }: CodeJob, update: AgentUpdate): void {
  if (update.type === 'output') {
    attempt.report.log('output', update.text)
    return
  }
  attempt.report.log('transcript', transcriptLine(update, attempt.now()))
}
