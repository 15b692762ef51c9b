import type { AgentEnd, AgentUpdate } from '../../domain/agent.ts'
import type { CodeJob } from './code-job.ts'
import type { OpenedWorkspace } from './open-workspace.ts'
import { GO_ON, promptFor } from './prompt.ts'
import { transcriptLine } from './transcript.ts'

/** Lets the agent work; everything it says is logged, and counts as a sign of life. */
export async function runAgent(
  job: CodeJob,
  { workspace, kept, session }: OpenedWorkspace,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { attempt, payload, driver, home } = job
  const { agent, test } = payload
  attempt.report.tell({ type: 'agent-started', agent: driver.name })
  return await attempt.watched((alive) =>
    driver.run(
      {
        // In a session that broke off the task is known.
        prompt: kept !== null && session !== null ? GO_ON : promptFor(payload),
        tree: workspace.tree,
        home,
        model: 'model' in agent ? (agent.model ?? null) : null,
        door: attempt.door,
        session,
        steps: attempt.lease.job.limits.steps,
        run: agent.name === 'command' ? agent.run : null,
        test: test ?? null,
        readable: [workspace.objects],
      },
      {
        launch: attempt.launch,
        onUpdate: (update) => {
          alive()
          note(job, update)
        },
      },
      signal,
    ),
  )
}

function note({ attempt }: CodeJob, update: AgentUpdate): void {
  if (update.type === 'output') {
    attempt.report.log('output', update.text)
    return
  }
  if (update.type === 'session') {
    attempt.report.tell({ type: 'agent-session', session: update.session })
  }
  attempt.report.log('transcript', transcriptLine(update, attempt.now()))
}
