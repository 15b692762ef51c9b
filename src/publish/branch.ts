import { mkdir } from 'node:fs/promises'
import { z } from 'zod'
import type { AttemptReport } from '../domain/attempt.ts'
import { branchTarget, type Publication, type PublicationIntent } from '../domain/publication.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Approval } from '../domain/verdict.ts'
import { parseAddress } from '../workspace/address.ts'
import type { GitSettings } from '../workspace/git.ts'
import { pushLfs } from '../workspace/lfs.ts'
import { OBJECT_ID } from '../workspace/object-format.ts'
import { isRefName } from '../workspace/ref-name.ts'
import { askRemote, callRemote, type Remote, type RemoteEnd } from '../workspace/remote.ts'
import type { RepositoryWorkspace } from '../workspace/workspace.ts'
import { type CommitRequest, makeCommit } from './commit.ts'
import { type Publisher, publishOnce, type Target } from './publish-once.ts'

/** A change to push to a branch, and the records of earlier pushes. */
export type BranchRequest = CommitRequest & {
  readonly workspace: RepositoryWorkspace
  /** The branch's name without refs/heads/. */
  readonly branch: string
  /** Proof that the change's tree passed the checks of its job. */
  readonly approval: Approval
  /** Intents that earlier attempts of this job recorded. */
  readonly intents: readonly PublicationIntent[]
  readonly report: Pick<AttemptReport, 'intend'>
}

/** The `kind` of this publisher's intents and publications. */
const KIND = 'branch'

const Commit = z.string().regex(OBJECT_ID)
const Details = z.object({ repository: z.string(), branch: z.string() })
const IntentDetails = z.strictObject({ ...Details.shape, replaces: Commit.nullable() })

/** The repository, name and commit of a published branch, for a job that continues the work. */
export type PublishedBranch = z.infer<typeof Details> & { readonly commit: string }

/** Reads the branch from a publication. Returns null if there is no publication of a branch. */
export function branchOfPublication(publication: Publication | null): PublishedBranch | null {
  if (publication?.kind !== KIND) return null
  const details = Details.safeParse(publication.details)
  const commit = Commit.safeParse(publication.revision)
  if (!details.success || !commit.success) return null
  return { ...details.data, commit: commit.data }
}

/**
 * Pushes the change as one commit on its base. If an earlier attempt of this job has already
 * pushed, returns the publication of that push instead. Creates the branch if it does not exist.
 * Moves an existing branch only if its tip is the commit that this job started from. Throws
 * StepFailed `publish-invalid`, `signing-failed`, `branch-moved`, `push-refused`, or the failure to
 * reach the remote.
 */
export async function publishBranch(
  request: BranchRequest,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<Publication> {
  if (request.approval.tree !== request.change.tree) {
    throw new Error(
      `the checks approved tree ${request.approval.tree}, but the change is tree ${request.change.tree}`,
    )
  }
  return await publishOnce(branchPublisher(request, settings), request, signal)
}

function branchPublisher(request: BranchRequest, settings: GitSettings): Publisher {
  const { workspace } = request
  const { repository } = workspace
  const branch = checkBranch(request.branch)
  const remote = remoteOf(repository, settings, workspace.gitDir)
  return {
    ...targetOn(remote, repository, branch),
    mayReplace: (tip) => tip === null || tip === workspace.base.commit,
    prepare: async (replaces, signal) => ({
      kind: KIND,
      target: branchTarget(repository, branch),
      revision: await makeCommit(request, settings, signal),
      details: { repository, branch, replaces } satisfies z.infer<typeof IntentDetails>,
    }),
    act: async (intent, signal) => {
      await settings.probe('pushing')
      await pushLfsObjects(remote, request, signal)
      const found = await push(remote, pushOf(intent), signal)
      await settings.probe('pushed')
      return found
    },
    moved: (tip) => moved(repository, branch, tip),
  }
}

/**
 * Returns the branch that an intent of this job names, as a target. The caller can then check
 * whether an earlier attempt pushed to it. Returns null if the intent is not for a branch of this
 * repository.
 */
export async function branchTargetOf(
  intent: PublicationIntent,
  repository: string,
  settings: GitSettings,
): Promise<Target | null> {
  if (intent.kind !== KIND) return null
  const { details } = readIntent(intent)
  if (details.repository !== repository) return null
  // The calls to the remote run in the cache folder. Create the folder, because it does
  // not exist yet on a new worker.
  await mkdir(settings.cacheFolder, { recursive: true, mode: 0o700 })
  const remote = remoteOf(repository, settings, settings.cacheFolder)
  return targetOn(remote, repository, checkBranch(details.branch))
}

const targetOn = (remote: Remote, repository: string, branch: string): Target => ({
  kind: KIND,
  target: branchTarget(repository, branch),
  look: (signal) => tipOf(remote, branch, signal),
  publicationOf: ({ kind, target, revision }) => ({
    kind,
    target,
    revision,
    details: { repository, branch },
  }),
})

/**
 * Parses an intent. Throws StepFailed `worker-outdated` if only a newer worker can understand it.
 */
function readIntent(intent: PublicationIntent): {
  readonly commit: string
  readonly details: z.infer<typeof IntentDetails>
} {
  const details = IntentDetails.safeParse(intent.details)
  const commit = Commit.safeParse(intent.revision)
  if (details.success && commit.success) return { commit: commit.data, details: details.data }
  throw new StepFailed(
    'worker-outdated',
    `the intent to publish ${intent.target} has details that this worker does not understand; update the worker`,
  )
}

/**
 * A push that moves a branch from `replaces` to `commit`. If `replaces` is null, the push
 * creates the branch.
 */
type BranchPush = {
  readonly branch: string
  readonly commit: string
  readonly replaces: string | null
}

function pushOf(intent: PublicationIntent): BranchPush {
  const { commit, details } = readIntent(intent)
  return { branch: details.branch, replaces: details.replaces, commit }
}

export function checkBranch(branch: string): string {
  if (isRefName(branch)) return branch
  const name = JSON.stringify(branch.slice(0, 200))
  throw new StepFailed('publish-invalid', `${name} is not a valid branch name`)
}

/** The remote of a job's repository; git calls to it run in `gitDir`. */
export const remoteOf = (repository: string, settings: GitSettings, gitDir: string): Remote => ({
  settings,
  address: parseAddress(repository, settings.allow),
  gitDir,
})

export type BranchPlace = { readonly repository: string; readonly branch: string }

export const refOf = (branch: string): string => `refs/heads/${branch}`

async function tipOf(remote: Remote, branch: string, signal: AbortSignal): Promise<string | null> {
  const name = refOf(branch)
  const refs = await askRemote(remote, [name], signal)
  return refs.tips.get(name) ?? null
}

/**
 * The failure of a job whose branch is at a commit from which the job did not start. `tip` is null
 * if the branch was deleted.
 */
export const moved = (repository: string, branch: string, tip: string | null): StepFailed =>
  new StepFailed(
    'branch-moved',
    tip === null
      ? `the branch ${branch} of ${repository} was deleted while this job was publishing to it`
      : `the branch ${branch} of ${repository} is at commit ${tip}, but this job did not start from that commit`,
  )

/**
 * Uploads LFS objects. Call this before the push, so that no pushed commit points to a missing
 * object.
 */
async function pushLfsObjects(
  { address, settings }: Remote,
  { workspace, change }: BranchRequest,
  signal: AbortSignal,
): Promise<void> {
  if (change.lfsObjects.length === 0) return
  const { gitDir, base } = workspace
  const objects = { settings, gitDir, commit: base.commit, ids: change.lfsObjects }
  await pushLfs(address, objects, signal)
}

/**
 * Pushes the commit if the branch's tip is still the commit in `replaces`.
 * @returns the branch's tip afterwards. It differs from the pushed commit if another push came
 * first.
 */
async function push(
  remote: Remote,
  wanted: BranchPush,
  signal: AbortSignal,
): Promise<string | null> {
  const ref = refOf(wanted.branch)
  const args = [
    'push',
    '--porcelain',
    '--no-verify',
    '--no-follow-tags',
    `--force-with-lease=${ref}:${wanted.replaces ?? ''}`,
    '--end-of-options',
    remote.address.url,
    `${wanted.commit}:${ref}`,
  ]
  const end = await callRemote(remote, { args, gitDir: remote.gitDir }, signal)
  if (end.code === 0) return wanted.commit
  // The push may have succeeded although its response was lost, so ask the remote for the tip.
  const tip = await tipOf(remote, wanted.branch, signal)
  if (tip === wanted.replaces) {
    throw refusal(remote, end) ?? end.failure({ hasAnsweredSince: true })
  }
  return tip
}

/**
 * Returns the failure if the remote itself rejected the push, for example in a hook; otherwise
 * null.
 */
function refusal(remote: Remote, end: RemoteEnd): StepFailed | null {
  const line = end.stdout
    .toString('utf8')
    .split('\n')
    .find((text) => text.startsWith('!'))
  if (line === undefined) return null
  const message = end.redactedStderr
    .split('\n')
    .filter((text) => text.startsWith('remote:'))
    .map((text) => text.slice('remote:'.length).trim())
    .join('\n')
  const summary = end.redact(line.split('\t').at(-1) ?? '')
  return new StepFailed(
    'push-refused',
    `${remote.address.url}: ${summary}\n${message}`.trim().slice(0, 4000),
  )
}
