// Before the agent starts, checks the branch that the job publishes to. A job whose push would
// certainly fail then ends before its agent costs anything.
import type { PublicationIntent } from '../domain/publication.ts'
import { StepFailed } from '../domain/stop.ts'
import type { Base } from '../workspace/cache.ts'
import { callRemote, type Remote, type RemoteRefs } from '../workspace/remote.ts'
import { type BranchPlace, checkBranch, moved, refOf } from './branch.ts'

/** Names of the refs that decide whether a branch can be pushed, as arguments for `askRemote`. */
export function refsAround(branch: string): readonly string[] {
  const ref = refOf(checkBranch(branch))
  return [ref, ...parentsOf(branch).map(refOf), `${ref}/*`]
}

/**
 * Throws StepFailed `publish-invalid` if the name of an existing branch prevents git from creating
 * the branch, and `branch-moved` if the branch exists and its tip is neither the base of this job
 * nor the revision of one of the intents.
 * @param refs the remote's answer for the names from `refsAround`
 * @param intents what earlier attempts of this job may have pushed to the branch
 */
export function checkTip(
  { repository, branch }: BranchPlace,
  { refs, base }: { readonly refs: RemoteRefs; readonly base: Base },
  intents: readonly PublicationIntent[],
): void {
  const tip = refs.tips.get(refOf(branch))
  if (tip === undefined) return checkName({ repository, branch }, refs)
  if (tip === base.commit || intents.some(({ revision }) => revision === tip)) return
  throw moved(repository, branch, tip)
}

/**
 * Git stores the branch `a` as a file and the branch `a/b` in a folder `a`, so only one can exist.
 */
function checkName({ repository, branch }: BranchPlace, { tips }: RemoteRefs): void {
  const above = parentsOf(branch).find((name) => tips.has(refOf(name)))
  const below = [...tips.keys()].find((name) => name.startsWith(`${refOf(branch)}/`))
  const other = above ?? below?.slice(refOf('').length)
  if (other === undefined) return
  throw new StepFailed(
    'publish-invalid',
    `git cannot create the branch ${branch} in ${repository}, because the branch ${other} exists, and git cannot store both names; publish to a branch with another name`,
  )
}

/** The parent folders in a branch's name: `a` and `a/b` for `a/b/c`. */
function parentsOf(branch: string): readonly string[] {
  const parts = branch.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/**
 * Checks with a dry run that the worker's credential may push. A dry run does not detect rules that
 * the remote applies only to a real push, such as protected branches. Throws StepFailed if the dry
 * run fails.
 * @param commit a commit in the git directory of the remote
 */
export async function tryPush(
  remote: Remote,
  { branch, commit }: { readonly branch: string; readonly commit: string },
  signal: AbortSignal,
): Promise<void> {
  const target = `${commit}:${refOf(branch)}`
  const args = ['push', '--dry-run', '--no-verify', '--force', '--end-of-options']
  const call = { args: [...args, remote.address.url, target], gitDir: remote.gitDir }
  const end = await callRemote(remote, call, signal)
  if (end.code !== 0) throw end.failure()
}
