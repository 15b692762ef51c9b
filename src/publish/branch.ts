import { mkdir } from 'node:fs/promises'
import { z } from 'zod'
import type { AttemptReport } from '../domain/attempt.ts'
import { branchTarget, type Publication, type PublicationIntent } from '../domain/publication.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Approval } from '../domain/verdict.ts'
import { parseAddress } from '../workspace/address.ts'
import type { GitSettings } from '../workspace/git.ts'
import { pushLfs } from '../workspace/lfs.ts'
import { REF_NAME } from '../workspace/ref-name.ts'
import { askRemote, callRemote, type Remote, type RemoteEnd } from '../workspace/remote.ts'
import type { RepositoryWorkspace } from '../workspace/workspace.ts'
import { type CommitRequest, makeCommit } from './commit.ts'
import { type Publisher, publishOnce, type Target } from './publish-once.ts'

/** A branch to publish, and what is known of it. */
export type BranchRequest = CommitRequest & {
  readonly workspace: RepositoryWorkspace
  /** Without refs/heads/. */
  readonly branch: string
  /** That the change's tree passed the checks of its job. */
  readonly approval: Approval
  /** What earlier attempts of this job meant to push. */
  readonly intents: readonly PublicationIntent[]
  /** What the job this one continues has published. */
  readonly continues: Publication | null
  readonly report: Pick<AttemptReport, 'intend'>
}

/** How this publisher's publications and intents name their kind. */
const KIND = 'branch'

const Commit = z.string().regex(/^[0-9a-f]{40,64}$/)
const Details = z.object({ repository: z.string(), branch: z.string() })
const IntentDetails = z.strictObject({ ...Details.shape, replaces: Commit.nullable() })

/** A branch that was published, as a follow-up needs it. */
export type PublishedBranch = z.infer<typeof Details> & { readonly commit: string }

/** Reads a publication of a branch; null for any other, and for none. */
export function branchOfPublication(publication: Publication | null): PublishedBranch | null {
  if (publication?.kind !== KIND) return null
  const details = Details.safeParse(publication.details)
  const commit = Commit.safeParse(publication.revision)
  if (!details.success || !commit.success) return null
  return { ...details.data, commit: commit.data }
}

/**
 * Pushes the change as one commit on its base, once: an earlier push of this job is adopted, and a
 * branch that holds anything else is left alone. Throws StepFailed `publish-invalid`,
 * `signing-failed`, `branch-moved`, `push-refused` or what the remote's answer stands for.
 */
export async function publishBranch(
  request: BranchRequest,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<Publication> {
  if (request.approval.tree !== request.change.tree) {
    throw new Error(
      `the checks approved ${request.approval.tree}, but ${request.change.tree} is to be published`,
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
    mayReplace: (tip) => tip === null || isKnown(tip, request),
    prepare: async (replaces, signal) => ({
      kind: KIND,
      target: branchTarget(repository, branch),
      revision: await makeCommit(request, settings, signal),
      details: { repository, branch, replaces } satisfies z.infer<typeof IntentDetails>,
    }),
    act: async (intent, signal) => {
      await settings.probe('pushing')
      await pushContents(remote, request, signal)
      const found = await push(remote, wantedBy(intent), signal)
      await settings.probe('pushed')
      return found
    },
    moved: (tip) => moved(repository, branch, tip),
  }
}

/**
 * The branch that an intent of this job names, to find out whether it was pushed; null when it is
 * none of this repository.
 */
export async function branchTargetOf(
  intent: PublicationIntent,
  repository: string,
  settings: GitSettings,
): Promise<Target | null> {
  if (intent.kind !== KIND) return null
  const { details } = readIntent(intent)
  if (details.repository !== repository) return null
  // A worker that never had a repository has no such folder yet, and git must stand somewhere.
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

/** Throws `worker-outdated` for details that a newer worker has written. */
function readIntent(intent: PublicationIntent): {
  readonly commit: string
  readonly details: z.infer<typeof IntentDetails>
} {
  const details = IntentDetails.safeParse(intent.details)
  const commit = Commit.safeParse(intent.revision)
  if (details.success && commit.success) return { commit: commit.data, details: details.data }
  throw new StepFailed(
    'worker-outdated',
    `an intent to publish ${intent.target} has unknown details`,
  )
}

/** A push that moves a branch from one commit to another. */
type Wanted = { readonly branch: string; readonly commit: string; readonly replaces: string | null }

function wantedBy(intent: PublicationIntent): Wanted {
  const { commit, details } = readIntent(intent)
  return { branch: details.branch, replaces: details.replaces, commit }
}

function checkBranch(branch: string): string {
  if (REF_NAME.test(branch)) return branch
  const name = JSON.stringify(branch.slice(0, 200))
  throw new StepFailed('publish-invalid', `${name} cannot be the name of a branch`)
}

const remoteOf = (repository: string, settings: GitSettings, gitDir: string): Remote => ({
  settings,
  address: parseAddress(repository, settings.allow),
  gitDir,
})

async function tipOf(remote: Remote, branch: string, signal: AbortSignal): Promise<string | null> {
  const name = `refs/heads/${branch}`
  const refs = await askRemote(remote, [name], signal)
  return refs.tips.get(name) ?? null
}

/** A tip that may be replaced: the base itself, or what the predecessor published here. */
function isKnown(tip: string, { workspace, branch, continues }: BranchRequest): boolean {
  if (tip === workspace.base.commit) return true
  const earlier = branchOfPublication(continues)
  return (
    earlier?.repository === workspace.repository &&
    earlier.branch === branch &&
    earlier.commit === tip
  )
}

const moved = (repository: string, branch: string, tip: string | null): StepFailed =>
  new StepFailed(
    'branch-moved',
    tip === null
      ? `${branch} of ${repository} is gone; it was there when this job began`
      : `${branch} of ${repository} is at ${tip}, which is not of this job; choose another branch name or merge by hand`,
  )

/** What a commit points to must be there before the commit is. */
async function pushContents(
  { address, settings }: Remote,
  { workspace, change }: BranchRequest,
  signal: AbortSignal,
): Promise<void> {
  if (change.lfsObjects.length === 0) return
  const { gitDir, base } = workspace
  const objects = { settings, gitDir, commit: base.commit, ids: change.lfsObjects }
  await pushLfs(address, objects, signal)
}

/** @returns the branch's tip afterwards, which is another one when somebody was faster */
async function push(remote: Remote, wanted: Wanted, signal: AbortSignal): Promise<string | null> {
  const ref = `refs/heads/${wanted.branch}`
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
  // The answer may have been lost after the push had worked: only the remote knows.
  const tip = await tipOf(remote, wanted.branch, signal)
  if (tip === wanted.replaces) throw refusal(remote, end) ?? end.failure()
  return tip
}

/** The remote's own words, such as a hook's, when it was the remote that said no. */
function refusal(remote: Remote, end: RemoteEnd): StepFailed | null {
  const line = end.stdout
    .toString('utf8')
    .split('\n')
    .find((text) => text.startsWith('!'))
  if (line === undefined) return null
  const words = end.words
    .split('\n')
    .filter((text) => text.startsWith('remote:'))
    .map((text) => text.slice('remote:'.length).trim())
    .join('\n')
  const summary = end.redact(line.split('\t').at(-1) ?? '')
  return new StepFailed(
    'push-refused',
    `${remote.address.url}: ${summary}\n${words}`.trim().slice(0, 4000),
  )
}
