// Reads from a cache's git folder and fetches into it. Takes no lock: the caller serializes jobs.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isCommitId } from './address.ts'
import { isUnsafe } from './failure.ts'
import { git } from './git.ts'
import { callRemote, type Remote } from './remote.ts'

/** A git object; a tag is resolved to the object it points to. */
export type GitObject = { readonly id: string; readonly type: string }

/** An object to fetch. `depth` limits its history; null also fetches all branches and tags. */
type Wanted = { readonly object: string; readonly depth: number | null }

type Folder = Pick<Remote, 'settings' | 'gitDir'>

/** Looks an object up; null when the folder lacks it or cannot read it. */
export async function objectIn(
  { settings, gitDir }: Folder,
  object: string,
  signal: AbortSignal,
): Promise<GitObject | null> {
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)']
  const end = await git(settings, { args, gitDir, stdin: `${object}^{}\n` }, signal)
  const [id = '', type = ''] = end.stdout.toString('utf8').trim().split(' ')
  return end.code === 0 && isCommitId(id) ? { id, type } : null
}

/**
 * Fetches into a git folder; returns the failure, or null. Prunes refs that the remote deleted, so
 * that a branch `a` can be replaced by `a/b`; their objects stay.
 */
export async function fetchInto(
  remote: Remote,
  { object, depth }: Wanted,
  signal: AbortSignal,
): Promise<Error | null> {
  if (depth !== null) return await fetchFew(remote, { object, depth }, signal)
  const { address, gitDir } = remote
  const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  const end = await callRemote(
    remote,
    { args: [...FETCH, '--prune', address.url, ...all], gitDir },
    signal,
  )
  // One branch with invalid objects must not fail jobs on other branches.
  if (end.code !== 0 && !isUnsafe(end.redactedStderr)) return end.failure()
  if ((await objectIn(remote, object, signal)) !== null) return null
  // Reachable from no branch or tag, such as the tip of a pull request.
  const single = await callRemote(remote, { args: [...FETCH, address.url, object], gitDir }, signal)
  return single.code === 0 ? null : single.failure()
}

/** Stores the object under its own ref, so that the next fetch negotiates from it. */
async function fetchFew(
  remote: Remote,
  { object, depth }: { readonly object: string; readonly depth: number },
  signal: AbortSignal,
): Promise<Error | null> {
  const wanted = `+${object}:refs/tips/${object}`
  const args = [...FETCH, `--depth=${depth}`, remote.address.url, wanted]
  const end = await callRemote(remote, { args, gitDir: remote.gitDir }, signal)
  return end.code === 0 ? null : end.failure()
}

const FETCH = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
  '--no-show-forced-updates',
]

/** Most packs in a cache before they are combined; the default of git’s `gc.autoPackLimit`. */
const PACKS_MAX = 50

/**
 * Combines packs, because every fetch adds one and many packs are slow. Drops no object. Ignores a
 * failure, which costs only speed.
 */
export async function joinPacks({ settings, gitDir }: Folder, signal: AbortSignal): Promise<void> {
  const files = await readdir(join(gitDir, 'objects', 'pack'))
  if (files.filter((name) => name.endsWith('.pack')).length <= PACKS_MAX) return
  await git(settings, { args: ['repack', '-d', '-q', '--geometric=2'], gitDir }, signal)
}
