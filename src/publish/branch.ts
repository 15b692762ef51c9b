import { mkdir } from 'node:fs/promises'
import type { AttemptReport } from '../domain/attempt.ts'
import type { Publication, PublicationIntent } from '../domain/outcome.ts'
import { StepFailed, Stopped } from '../domain/stop.ts'
import { parseAddress } from '../workspace/address.ts'
import type { GitSettings } from '../workspace/git.ts'
import { pushLfs } from '../workspace/lfs.ts'
import { REF_NAME } from '../workspace/ref-name.ts'
import { askRemote, callRemote, type Remote, type RemoteEnd } from '../workspace/remote.ts'
import { type CommitRequest, makeCommit } from './commit.ts'

/** A branch to publish, and what is known of it. */
export type BranchRequest = CommitRequest & {
  /** Without refs/heads/. */
  readonly branch: string
  /** What earlier attempts of this job meant to push. */
  readonly intents: readonly PublicationIntent[]
  /** What the job this one continues has published. */
  readonly continues: Publication | null
  readonly report: Pick<AttemptReport, 'intend'>
}

type BranchPublication = Extract<Publication, { kind: 'branch' }>

/**
 * Pushes the change as one commit on its base, once: an earlier push of this job is adopted, a
 * branch that holds anything else is left alone. The intent is recorded before the push; from
 * then on only a lost lease stops it, for the hub already counts on it.
 * Throws StepFailed `publish-invalid`, `signing-failed`, `branch-moved`, `push-refused` or what the remote's answer stands for.
 */
export async function publishBranch(
  request: BranchRequest,
  settings: GitSettings,
  signal: AbortSignal,
): Promise<BranchPublication> {
  const { workspace, intents } = request
  const repository = workspace.repository
  const branch = checkBranch(request.branch)
  const remote = remoteOf(repository, settings, workspace.gitDir)
  const tip = await tipOf(remote, branch, signal)
  const earlier = ownPush({ repository, branch, tip, intents })
  if (earlier !== null) return earlier
  if (tip !== null && !isKnown(tip, request)) throw moved(repository, branch, tip)

  const commit = await makeCommit(request, settings, signal)
  const intent = { kind: 'branch', repository, branch, commit, replaces: tip } as const
  await request.report.intend(intent)
  await settings.probe('pushing')
  await pushContents(remote, request, signal)
  const found = await push(remote, intent, unlessLost(signal))
  await settings.probe('pushed')
  // An earlier attempt's push may have been on its way all the time.
  const published = ownPush({ repository, branch, tip: found, intents: [...intents, intent] })
  if (published === null) throw moved(repository, branch, found)
  return published
}

/**
 * What an earlier attempt of the job has already pushed, or null. To be asked before anything is
 * done again; costs nothing when there was no intent.
 */
export async function findPublished(
  target: { readonly repository: string; readonly intents: readonly PublicationIntent[] },
  settings: GitSettings,
  signal: AbortSignal,
): Promise<BranchPublication | null> {
  const { repository, intents } = target
  const branches = new Set(
    intents.filter((intent) => intent.repository === repository).map(({ branch }) => branch),
  )
  if (branches.size === 0) return null
  // A worker that never had a repository has no such folder yet, and git must stand somewhere.
  await mkdir(settings.cacheFolder, { recursive: true, mode: 0o700 })
  const remote = remoteOf(repository, settings, settings.cacheFolder)
  for (const branch of branches) {
    const tip = await tipOf(remote, checkBranch(branch), signal)
    const found = ownPush({ repository, branch, tip, intents })
    if (found !== null) return found
  }
  return null
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

function ownPush(facts: {
  readonly repository: string
  readonly branch: string
  readonly tip: string | null
  readonly intents: readonly PublicationIntent[]
}): BranchPublication | null {
  const { repository, branch, tip, intents } = facts
  const own = intents.some(
    (intent) =>
      intent.repository === repository && intent.branch === branch && intent.commit === tip,
  )
  return own && tip !== null ? { kind: 'branch', repository, branch, commit: tip } : null
}

/** A tip that may be replaced: the base itself, or what the predecessor published here. */
function isKnown(tip: string, { workspace, branch, continues }: BranchRequest): boolean {
  if (tip === workspace.base.commit) return true
  return (
    continues?.kind === 'branch' &&
    continues.repository === workspace.repository &&
    continues.branch === branch &&
    continues.commit === tip
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
  const place = { gitDir: workspace.gitDir, commit: workspace.base.commit }
  await pushLfs(address, { settings, place, ids: change.lfsObjects }, unlessLost(signal))
}

/** @returns the branch's tip afterwards, which is another one when somebody was faster */
async function push(
  remote: Remote,
  wanted: PublicationIntent,
  signal: AbortSignal,
): Promise<string | null> {
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

/** A signal that only a lost lease aborts. Git's own time limit still holds. */
function unlessLost(signal: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const onAbort = () => {
    const why: unknown = signal.reason
    const lives = why instanceof Stopped && why.why.kind !== 'lost'
    if (!lives) controller.abort(why)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return controller.signal
}
