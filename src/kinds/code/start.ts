// What a job starts from, and the branch that it publishes to.
import { shortId } from '../../domain/id.ts'
import type { Continuation, Earlier } from '../../domain/work.ts'
import {
  branchOfPublication,
  type PublishedBranch,
  refOf as fullName,
} from '../../publish/branch.ts'
import { checkTip, refsAround } from '../../publish/look-at-branch.ts'
import { refCandidates } from '../../workspace/address.ts'
import type { Start } from '../../workspace/cache.ts'
import type { FetchedChange } from '../../workspace/earlier-change.ts'
import type { CodeJob } from './code-job.ts'
import { refOf } from './payload.ts'

/** The parts of a job that determine where it starts and which branch it publishes to. */
type StartingJob = Pick<CodeJob, 'payload'> & {
  readonly attempt: {
    readonly work: Pick<CodeJob['attempt']['work'], 'id'>
    readonly earlier: Pick<Earlier, 'intents'> & {
      readonly continues: Pick<Continuation, 'publication'> | null
    }
  }
}

/**
 * The branch that the continued jobs published in this job's repository; null if they published
 * none there.
 */
export function publishedBranch({ attempt, payload }: StartingJob): PublishedBranch | null {
  const published = branchOfPublication(attempt.earlier.continues?.publication ?? null)
  return published?.repository === payload.repository ? published : null
}

/**
 * The branch to push to: the branch in the payload, otherwise the branch that the earlier jobs
 * published, otherwise a new branch. Null if the job publishes nothing.
 */
export function branchOf(job: StartingJob): string | null {
  if (job.payload.publish.mode === 'none') return null
  return namedBranch(job) ?? `millwright/${shortId(job.attempt.work.id)}`
}

/**
 * The branch in the payload, otherwise the branch that the earlier jobs published; null if the job
 * creates a new branch or publishes nothing.
 */
function namedBranch(job: StartingJob): string | null {
  const { publish } = job.payload
  if (publish.mode === 'none') return null
  return publish.branch ?? publishedBranch(job)?.branch ?? null
}

/**
 * Where the job starts. `accept` throws StepFailed if the job could not push to its branch from
 * there.
 * @param change the earlier change that will be applied to the checkout; null if there is none
 */
export function startOf(job: StartingJob, change: FetchedChange | null): Start {
  const from = startFrom(job, change)
  const branch = branchOf(job)
  if (branch === null) return { from, ask: [], accept: () => {} }
  const place = { repository: job.payload.repository, branch }
  const { intents } = job.attempt.earlier
  return {
    from,
    ask: refsAround(branch),
    accept: (refs, base) => checkTip(place, { refs, base }, intents),
  }
}

/** The commits to start from, most preferred first, in the form of `Start.from`. */
function startFrom(job: StartingJob, change: FetchedChange | null): readonly string[] {
  const { payload } = job
  // An earlier attempt of this job recorded the base of its change. Start from the same commit.
  if (change?.record !== undefined && change.record !== null) return [change.record.base]
  const ref = refOf(payload)
  if (payload.startAt === 'ref') return refCandidates(ref)
  const named = namedBranch(job)
  const head = named === null ? [] : [fullName(named)]
  // If the branch has moved since the change was made, the change is merged into the branch's head.
  if (change !== null && change.base !== null) return [...head, change.base]
  const published = publishedBranch(job)
  // If the branch was deleted, start from the published commit; the push creates the branch again.
  if (published !== null) return [fullName(published.branch), published.commit]
  return ref === null ? [...head, 'HEAD'] : refCandidates(ref)
}
