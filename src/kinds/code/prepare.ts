import { fetchChange, type KeptChange } from '../../workspace/earlier-change.ts'
import { tryPush } from '../../publish/look-at-branch.ts'
import { remoteOf } from '../../publish/branch.ts'
import { prepareWorkspace } from '../../workspace/prepare.ts'
import type { RepositoryWorkspace } from '../../workspace/workspace.ts'
import type { CodeJob } from './code-job.ts'
import { branchOf, startOf } from './start.ts'

/**
 * Checks out the repository, applies the earlier change `kept`, and checks that the worker's
 * credential can push to the job's branch. This push check runs before the agent, so that no turn
 * is wasted on work that cannot be pushed. Throws StepFailed.
 */
export async function prepare(
  job: CodeJob,
  kept: KeptChange | null,
  signal: AbortSignal,
): Promise<RepositoryWorkspace> {
  const { attempt, payload, tools } = job
  const { ref: _, ...checkout } = payload.checkout
  const { folder } = attempt
  const { repository } = payload
  const place = { folder, checkout, settings: tools.git }
  const change = kept === null ? null : await fetchChange(place, kept)
  const start = startOf(job, change)
  const workspace = await prepareWorkspace({ ...place, repository, start, change }, signal)
  const branch = branchOf(job)
  if (branch !== null) {
    const remote = remoteOf(repository, tools.git, workspace.gitDir)
    await tryPush(remote, { branch, commit: workspace.base.commit }, signal)
  }
  return workspace
}
