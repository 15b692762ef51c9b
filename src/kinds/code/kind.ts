import type { AgentDriver } from '../../domain/agent.ts'
import type { Attempt, WorkKind } from '../../domain/attempt.ts'
import { StepFailed } from '../../domain/stop.ts'
import { collectCaches } from '../../workspace/collect-caches.ts'
import { removeWorkspace } from '../../workspace/remove.ts'
import type { KindTools } from '../kind.ts'
import { readPayload } from '../read-payload.ts'
import { type CodeJob, homeOf } from './code-job.ts'
import { CodePayload } from './payload.ts'
import { runCode } from './run.ts'
import { salvageWork } from './salvage-work.ts'

/**
 * Jobs in which an agent edits a git repository. The checked change becomes a patch or a branch.
 */
export const codeKind = (tools: KindTools): WorkKind => ({
  // Async, so that an error thrown by `codeJob` rejects the promise and fails the attempt.
  run: async (attempt, signal) => await runCode(codeJob(tools, attempt), signal),
  salvage: (left, signal) => salvageWork(left, tools.git, signal),
  remove: removeWorkspace,
  tidy: async (signal) => {
    const limits = { bytes: tools.cacheBytes, now: tools.clock.now() }
    return (await collectCaches(tools.git.cacheFolder, limits, signal)).bytes
  },
})

function codeJob(tools: KindTools, attempt: Attempt): CodeJob {
  const payload = readPayload(CodePayload, attempt.work)
  return {
    tools: { ...tools, git: { ...tools.git, marker: attempt.marker } },
    attempt,
    payload,
    driver: driverFor(payload, attempt, tools),
    home: homeOf(attempt.folder),
  }
}

function driverFor(
  { agent, test }: CodePayload,
  { work }: Attempt,
  { drivers }: KindTools,
): AgentDriver {
  const factory = drivers.get(agent.name)
  if (factory !== undefined) return factory(agent, { test: test ?? null, steps: work.limits.steps })
  const known = [...drivers.keys()].join(', ')
  throw new StepFailed(
    'agent-not-installed',
    `this worker has no agent "${agent.name}"; its agents are ${known}`,
  )
}
