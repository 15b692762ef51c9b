import type { Outcome } from '../../domain/outcome.ts'
import type { Publication } from '../../domain/publication.ts'
import type { Approval } from '../../domain/verdict.ts'
import { publishBranch } from '../../publish/branch.ts'
import type { Change } from '../../workspace/change.ts'
import type { RepositoryWorkspace } from '../../workspace/workspace.ts'
import type { CodeJob } from './code-job.ts'
import { branchOf } from './start.ts'

type Work = {
  readonly workspace: RepositoryWorkspace
  readonly change: Change
  /** The agent's final message. */
  readonly summary: string
  readonly approval: Approval
}

/** Publishes an approved change as a branch, or leaves it as a patch, as the payload requests. */
export async function publish(
  job: CodeJob,
  { workspace, change, summary, approval }: Work,
  signal: AbortSignal,
): Promise<Outcome> {
  const { attempt, payload, tools } = job
  const { work, earlier, report } = attempt
  const branch = branchOf(job)
  if (payload.publish.mode === 'none' || branch === null) {
    return {
      kind: 'succeeded',
      reason: 'patch-ready',
      detail: sizeOf(change),
      publication: null,
      summary,
    }
  }
  const publication = await publishBranch(
    {
      workspace,
      change,
      approval,
      branch,
      author: payload.publish.author ?? null,
      signature: tools.signature,
      text: {
        title: work.title,
        prompt: payload.prompt,
        jobId: work.id,
        attempt: attempt.number,
        trailers: payload.publish.trailers,
      },
      at: attempt.now(),
      intents: earlier.intents,
      report,
    },
    tools.git,
    signal,
  )
  return published(job, publication, { detail: sizeOf(change), summary })
}

/** Reports a publication, and returns the outcome of the job. */
export function published(
  { attempt }: CodeJob,
  publication: Publication,
  words: { readonly detail: string; readonly summary?: string },
): Outcome {
  attempt.report.tell({ type: 'published', publication })
  return { kind: 'succeeded', reason: 'published', publication, ...words }
}

const sizeOf = ({ files, insertions, deletions }: Change): string =>
  `${files} file${files === 1 ? '' : 's'} changed, +${insertions} -${deletions}`
