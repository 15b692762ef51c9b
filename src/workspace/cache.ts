import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StepFailed } from '../domain/stop.ts'
import { writeDurably } from '../platform/durable-file.ts'
import { type Address, checkRef, isCommitId, refCandidates } from './address.ts'
import { withLock } from './cache-lock.ts'
import { git, type GitSettings } from './git.ts'
import { makeRepository } from './repository-folder.ts'
import { isUnsafe } from './failure.ts'
import { branchOf } from './ref-name.ts'
import { askRemote, callRemote, type Remote, type RemoteRefs } from './remote.ts'

/** A repository's bare cache on this worker, shared by all jobs of that address. */
export type Cache = {
  readonly folder: string
  readonly address: Address
  readonly settings: GitSettings
  /** Commits of history that it holds of each tip; null for all. */
  readonly depth: number | null
}

/** A cache of few commits is one of its own, so that it spoils the whole one for nobody. */
export function cacheOf(
  address: Address,
  settings: GitSettings,
  depth: number | null = null,
): Cache {
  const what = depth === null ? address.url : `${address.url}\n${depth}`
  const name = createHash('sha256').update(what).digest('hex')
  return { folder: join(settings.cacheFolder, `${name}.git`), address, settings, depth }
}

export const objectsOf = (cache: Pick<Cache, 'folder'>): string => join(cache.folder, 'objects')

/**
 * The commits behind which a cache holds nothing, as git writes them; empty when it holds all.
 * Once read it stays true: nothing is ever taken out of a cache.
 */
export async function shallowOf(cache: Pick<Cache, 'folder'>): Promise<string> {
  return await readFile(join(cache.folder, 'shallow'), 'utf8').catch(() => '')
}

/** What a ref stands for on the remote at this moment. */
export type Base = {
  readonly commit: string
  /** The branch it was asked by, or the remote's default branch; null for a tag or commit. */
  readonly branch: string | null
}

/**
 * Asks the remote what a ref is, and fetches only when the cache lacks that commit. Throws
 * StepFailed: `ref-not-found`, or whatever kept the remote from answering.
 * @param wanted.ref null for the remote's HEAD
 * @param wanted.known a commit that the cache is known to have
 */
export async function fetchBase(
  cache: Cache,
  wanted: { readonly ref: string | null; readonly known: string | null },
  signal: AbortSignal,
): Promise<Base> {
  const { settings, address, folder } = cache
  const { ref, known } = wanted
  await mkdir(settings.cacheFolder, { recursive: true, mode: 0o700 })
  const names = ref === null || ref === 'HEAD' ? ['HEAD'] : refCandidates(checkRef(ref))
  const refs = await askRemote({ settings, address, gitDir: folder }, names, signal)
  const target = choose(refs, ref, names)
  if (target === undefined) {
    const thing = ref === null ? 'a default branch; the repository may be empty' : ref
    throw new StepFailed(
      'ref-not-found',
      `${address.url} has no ${thing}. Name a branch, a tag or a full commit id`,
    )
  }
  const { object, branch } = target
  return { commit: object === known ? known : await fetchCommit(cache, object, signal), branch }
}

/** Brings one object into the cache, with all branches and tags around it. */
export async function fetchCommit(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<string> {
  const present = await commitOf(cache, object, signal)
  if (present !== null) return present
  const fetched = await locked(
    cache,
    async () =>
      (await commitOf(cache, object, signal)) ??
      (await update(cache, object, signal)) ??
      (await make(cache, object, signal)),
    signal,
  )
  if (fetched !== null) return fetched
  throw new StepFailed('ref-not-found', `${cache.address.url} has no commit ${object}`)
}

/** Throws a damaged cache away and makes it anew. */
export async function remakeCache(
  cache: Cache,
  object: string,
  signal: AbortSignal,
): Promise<void> {
  await locked(cache, () => make(cache, object, signal), signal)
}

/** Keeps a commit in the cache for as long as an attempt works on it. */
export async function pin(cache: Cache, name: string, commit: string): Promise<void> {
  await writeDurably(pinFile(cache.folder, name), `${commit}\n`)
}

/** @param folder of the cache; it may be gone */
export async function unpin(folder: string, name: string): Promise<void> {
  await rm(pinFile(folder, name), { force: true })
}

/** Packs in a cache before they are joined; git’s own gc begins at 50, too. */
const PACKS_MAX = 50

const pinFile = (folder: string, name: string): string => join(folder, 'refs', 'jobs', name)

function choose(
  refs: RemoteRefs,
  ref: string | null,
  names: readonly string[],
): { object: string; branch: string | null } | undefined {
  const name = names.find((candidate) => refs.tips.has(candidate))
  const object = name === undefined ? undefined : refs.tips.get(name)
  if (name === undefined || object === undefined) {
    return ref !== null && isCommitId(ref) ? { object: ref, branch: null } : undefined
  }
  if (name === 'HEAD') return { object, branch: refs.head }
  return { object, branch: branchOf(name) }
}

const locked = <Value>(cache: Cache, run: () => Promise<Value>, signal: AbortSignal) =>
  withLock(`${cache.folder}.lock`, run, signal)

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** The commit an object is or points to, or null when the cache has no such object. */
async function commitOf(cache: Cache, object: string, signal: AbortSignal): Promise<string | null> {
  if (!(await exists(join(cache.folder, 'HEAD')))) return null
  const call = {
    args: ['cat-file', '--batch-check=%(objectname)'],
    gitDir: cache.folder,
    stdin: `${object}^{commit}\n`,
  }
  const end = await git(cache.settings, call, signal)
  const answer = end.stdout.toString('utf8').trim()
  return end.code === 0 && isCommitId(answer) ? answer : null
}

/** @returns null when there is no cache or it is damaged, so that it must be made anew */
async function update(cache: Cache, object: string, signal: AbortSignal): Promise<string | null> {
  if (!(await exists(join(cache.folder, 'HEAD')))) return null
  const failure = await fetchInto(cache, cache.folder, object, signal)
  if (failure instanceof StepFailed && failure.reason !== 'workspace-failed') throw failure
  if (failure !== null) return null
  await joinPacks(cache, signal)
  return await commitOf(cache, object, signal)
}

/**
 * Each fetch leaves a pack, and many packs are slow. Joins them without dropping an object; a
 * failure costs speed alone.
 */
async function joinPacks(cache: Cache, signal: AbortSignal): Promise<void> {
  const files = await readdir(join(cache.folder, 'objects', 'pack'))
  if (files.filter((name) => name.endsWith('.pack')).length <= PACKS_MAX) return
  const args = ['repack', '-d', '-q', '--geometric=2']
  await git(cache.settings, { args, gitDir: cache.folder }, signal)
}

/** Fetches into a folder beside and renames it: a half-made cache is never used. */
async function make(cache: Cache, object: string, signal: AbortSignal): Promise<string | null> {
  await removeLeftovers(cache)
  const beside = `${cache.folder}.${randomUUID()}.new`
  await makeRepository(beside, { bare: true, branch: 'none' })
  const failure = await fetchInto(cache, beside, object, signal)
  if (failure !== null) throw failure
  if (await exists(cache.folder)) await rename(cache.folder, `${cache.folder}.${randomUUID()}.old`)
  await rename(beside, cache.folder)
  await removeLeftovers(cache)
  return await commitOf(cache, object, signal)
}

async function removeLeftovers(cache: Cache): Promise<void> {
  const folder = dirname(cache.folder)
  const leftover = (name: string) =>
    name.startsWith(`${basename(cache.folder)}.`) && /\.(?:new|old)$/.test(name)
  for (const name of (await readdir(folder)).filter(leftover)) {
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

/**
 * Refs gone from the remote are pruned, so that a name can become a folder of names. Their
 * objects stay: nothing ever collects in a cache.
 */
async function fetchInto(
  cache: Cache,
  gitDir: string,
  object: string,
  signal: AbortSignal,
): Promise<Error | null> {
  const remote = { settings: cache.settings, address: cache.address, gitDir }
  if (cache.depth !== null) return await fetchFew(remote, { object, depth: cache.depth }, signal)
  const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  const end = await callRemote(
    remote,
    { args: [...FETCH, '--prune', cache.address.url, ...all], gitDir },
    signal,
  )
  // One branch with objects that git refuses does not take the others along.
  if (end.code !== 0 && !isUnsafe(end.words)) return end.failure()
  if ((await commitOf({ ...cache, folder: gitDir }, object, signal)) !== null) return null
  // Reachable from no branch or tag, such as the tip of a pull request.
  const single = await callRemote(
    remote,
    { args: [...FETCH, cache.address.url, object], gitDir },
    signal,
  )
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
