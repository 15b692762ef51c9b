// Reads from a cache's git directory and fetches into it. Takes no lock: for a fetch, the caller
// must hold the cache's lock.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isUnsafe } from './failure.ts'
import { git } from './git.ts'
import { isObjectId } from './object-format.ts'
import { callRemote, type Remote } from './remote.ts'

/**
 * The id and type of a git object. For a tag object, the id and type of the object that the tag
 * points to.
 */
export type GitObject = { readonly id: string; readonly type: string }

/**
 * An object to fetch. `depth` is the maximum number of commits of its history to fetch. If `depth`
 * is null, the full history of all branches and tags is fetched as well.
 */
type Wanted = { readonly object: string; readonly depth: number | null }

type Folder = Pick<Remote, 'settings' | 'gitDir'>

/** Looks up an object. Returns null if it is missing or unreadable. */
export async function objectIn(
  { settings, gitDir }: Folder,
  object: string,
  signal: AbortSignal,
): Promise<GitObject | null> {
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)']
  const end = await git(settings, { args, gitDir, stdin: `${object}^{}\n` }, signal)
  const [id = '', type = ''] = end.stdout.toString('utf8').trim().split(' ')
  return end.code === 0 && isObjectId(id) ? { id, type } : null
}

/**
 * Fetches an object into a git directory. Returns the failure, or null on success. If `depth` is
 * null, also deletes local refs that the remote lacks, so that a branch `a/b` can replace a branch
 * `a`. Objects of deleted refs stay.
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
  // If git rejected some objects as invalid, continue: they may be on a branch that this job does
  // not need.
  if (end.code !== 0 && !isUnsafe(end.redactedStderr)) return end.failure()
  if ((await objectIn(remote, object, signal)) !== null) return null
  // No fetched branch or tag contains the object, so fetch it by id. It may be the head of a pull
  // request.
  const single = await callRemote(remote, { args: [...FETCH, address.url, object], gitDir }, signal)
  return single.code === 0 ? null : single.failure()
}

/**
 * Fetches an object with at most `depth` commits of history. Creates a ref to the object in
 * `refs/tips`, so that the next fetch does not download the object again.
 */
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

/** A cache with more packs than this is repacked. The value is git's default `gc.autoPackLimit`. */
const PACKS_MAX = 50

/**
 * Combines packs, because every fetch adds one and many packs slow git down. Drops no objects.
 * Ignores git's failure, because a cache with many packs still works.
 */
export async function joinPacks({ settings, gitDir }: Folder, signal: AbortSignal): Promise<void> {
  const files = await readdir(join(gitDir, 'objects', 'pack'))
  if (files.filter((name) => name.endsWith('.pack')).length <= PACKS_MAX) return
  await git(settings, { args: ['repack', '-d', '-q', '--geometric=2'], gitDir }, signal)
}
