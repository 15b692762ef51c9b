// What is asked of a cache's git folder and fetched into it. Nothing here knows of other jobs.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isCommitId } from './address.ts'
import { isUnsafe } from './failure.ts'
import { git } from './git.ts'
import { callRemote, type Remote } from './remote.ts'

/** An object of git; a tag stands for what it points to. */
export type GitObject = { readonly id: string; readonly type: string }

/** One object to bring, and how many commits of its history; null for all of that and all branches. */
type Wanted = { readonly object: string; readonly depth: number | null }

type Folder = Pick<Remote, 'settings' | 'gitDir'>

/** What an object is, or null when the folder lacks it or cannot read it. */
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
 * Fetches into a git folder, and answers the failure, if any. Refs gone from the remote are pruned,
 * so that a name can become a folder of names; their objects stay.
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
  // One branch with objects that git refuses does not take the others along.
  if (end.code !== 0 && !isUnsafe(end.words)) return end.failure()
  if ((await objectIn(remote, object, signal)) !== null) return null
  // Reachable from no branch or tag, such as the tip of a pull request.
  const single = await callRemote(remote, { args: [...FETCH, address.url, object], gitDir }, signal)
  return single.code === 0 ? null : single.failure()
}

/** Under a name of its own, so that the next fetch can say what is here already. */
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

/** Packs in a cache before they are joined; git’s own gc begins at 50, too. */
const PACKS_MAX = 50

/**
 * Each fetch leaves a pack, and many packs are slow. Joins them without dropping an object; a
 * failure costs speed alone.
 */
export async function joinPacks({ settings, gitDir }: Folder, signal: AbortSignal): Promise<void> {
  const files = await readdir(join(gitDir, 'objects', 'pack'))
  if (files.filter((name) => name.endsWith('.pack')).length <= PACKS_MAX) return
  await git(settings, { args: ['repack', '-d', '-q', '--geometric=2'], gitDir }, signal)
}
