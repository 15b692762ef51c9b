import type { AgentEnd, AgentUpdate } from '../../domain/agent.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { SESSION } from './artifacts.ts'
import type { CodeJob } from './code-job.ts'
import { promptFor } from './prompt.ts'
import { transcriptLine } from './transcript.ts'

/** Lets the agent work; everything it says is logged, and counts as a sign of life. */
export async function runAgent(
  job: CodeJob,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<AgentEnd> {
  const { attempt, payload, driver, home } = job
  const { agent, test } = payload
  attempt.report.tell({ type: 'agent-started', agent: driver.name })
  return await attempt.watched((alive) =>
    driver.run(
      {
        prompt: promptFor(payload),
        tree: workspace.tree,
        home,
        model: 'model' in agent ? (agent.model ?? null) : null,
        door: attempt.door,
        session: sessionToContinue(job),
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

/** A session is gone on with only where the files it lives in are here, too. */
function sessionToContinue({ attempt, driver }: CodeJob): string | null {
  const { continues } = attempt.lease
  if (continues === null) return null
  const restored = continues.artifacts.some(({ name }) => name === SESSION)
  return restored || driver.sessionFiles.length === 0 ? continues.session : null
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
